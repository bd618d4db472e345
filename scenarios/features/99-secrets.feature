@secrets
Feature: After all that, nothing secret stands anywhere

  These scenarios come last, because they look back at the whole run.

  Scenario Outline: No token stands in any log (<company>)
    Then no token that was seen in this run stands in the log of company <company>
    And nothing that looks like a token stands in the log of company <company>

    Examples:
      | company |
      | A       |
      | B       |

  Scenario Outline: No secret of the run lies in a file, stands on a page or in a refusal, or shows from outside (<company>)
    Then no secret of this run lies in a file of company <company> but its own key files
    And no secret of this run stands on a page of company <company> or in a refusal
    And no secret of this run shows in the command line or the environment of company <company>

    Examples:
      | company |
      | A       |
      | B       |

  Scenario Outline: No company has asked its partner's token endpoint for anything (<company>)
    Then every token that the issuer of company <company> gave in this run went to its own side
    And company <company> has asked nobody but its own issuer for tokens in this run

    Examples:
      | company |
      | A       |
      | B       |

@sidecar
Feature: An application without any credential calls the partner through its sidecar

  The application of these scenarios writes plain HTTP to a port on its own machine. It has no token, no key of a
  client and no certificate. The sidecar beside it has the client's key, gets tokens from the own issuer alone, and
  speaks TLS with the partner.

  Scenario Outline: The application calls the partner and never sees a token (<caller> → <callee>)
    Given the sidecar of company <caller> serves
    When an application of company <caller> calls "GET /<partner><path>" through the sidecar
    Then company <callee> answers 200
    And company <callee> knows it as client application
    And nothing secret stands in the log of the sidecar of company <caller>

    Examples:
      | caller | callee | partner   | path       |
      | A      | B      | company-b | /shipments |
      | B      | A      | company-a | /orders    |

  Scenario Outline: Another process of the machine is told nothing, and the partner is not asked (<caller> → <callee>)
    Given the sidecar of company <caller> serves
    When an application of company <caller> calls "GET /<partner><path>" through the sidecar with the caller key ""
    Then the sidecar refuses with 403 "caller_unknown"
    When an application of company <caller> calls "GET /<partner><path>" through the sidecar with the caller key "guessed"
    Then the sidecar refuses with 403 "caller_unknown"
    And company <callee> has seen no request of that application

    Examples:
      | caller | callee | partner   | path       |
      | A      | B      | company-b | /shipments |
      | B      | A      | company-a | /orders    |

  Scenario Outline: The sidecar goes nowhere but where its configuration says (<caller> → <callee>)
    Given the sidecar of company <caller> serves
    When an application of company <caller> calls "GET /nobody<path>" through the sidecar
    Then the sidecar refuses with 404 "partner_not_configured"
    When an application of company <caller> calls "GET http://elsewhere.example<path>" through the sidecar
    Then the sidecar refuses with 400 "path_not_accepted"
    When an application of company <caller> calls "GET /<partner>/../bridge/mirror" through the sidecar
    Then the sidecar refuses with 400 "path_not_accepted"
    And company <callee> has seen no request of that application

    Examples:
      | caller | callee | partner   | path       |
      | A      | B      | company-b | /shipments |
      | B      | A      | company-a | /orders    |

  Scenario Outline: What the partner refuses is handed on in the partner's own words (<caller> → <callee>)
    Given the sidecar of company <caller> serves
    When an application of company <caller> calls "POST /<partner><path>" through the sidecar
    Then company <callee> refuses with 403 "insufficient_scope"
    And the challenge names the scope "<scope>"

    Examples:
      | caller | callee | partner   | path                         | scope           |
      | A      | B      | company-b | /shipments                   | shipments:write |
      | B      | A      | company-a | /orders/none/tracking-events | tracking:write  |

  @restart
  Scenario Outline: Without its issuer the sidecar says so, asks nobody else, and goes on when it is back (<caller> → <callee>)
    Given company <caller> is stopped
    And the sidecar of company <caller> serves
    When an application of company <caller> calls "GET /<partner><path>" through the sidecar
    Then the sidecar refuses with 503 "token_unavailable"
    And the answer says when to try again
    And company <callee> has seen no request of that application
    When company <caller> starts again
    Then an application of company <caller> gets 200 for "GET /<partner><path>" through the sidecar within 10 seconds

    Examples:
      | caller | callee | partner   | path       |
      | A      | B      | company-b | /shipments |
      | B      | A      | company-a | /orders    |

  Scenario Outline: A token in a file is good, is replaced when it is revoked, and goes with the sidecar (<caller> → <callee>)
    Given the sidecar of company <caller> serves
    And an application of company <caller> has read the token file of its sidecar
    When it calls "GET <path>" at company <callee>
    Then company <callee> answers 200
    When the operator of company <caller> runs "revoke --client application"
    Then the command ends with 0
    And company <callee> refuses "GET <path>" with 401 "token_revoked" within 1 second
    When an application of company <caller> calls "GET /<partner><path>" through the sidecar
    Then company <callee> answers 200
    And the token file of company <caller> holds another token, for its owner alone
    When it calls "GET <path>" at company <callee>
    Then company <callee> answers 200
    And nothing secret stands in the log of the sidecar of company <caller>
    And the sidecar of company <caller> ends in good order and leaves no file behind

    Examples:
      | caller | callee | partner   | path       |
      | A      | B      | company-b | /shipments |
      | B      | A      | company-a | /orders    |

  Scenario Outline: A sidecar that is told to stop answers what is under way and takes nothing new (<caller> → <callee>)
    Given the sidecar of company <caller> serves
    When the sidecar of company <caller> is told to stop while an application calls "POST /<partner><path>"
    Then company <callee> refuses with 403 "insufficient_scope"
    And the sidecar of company <caller> ends in good order and leaves no file behind

    Examples:
      | caller | callee | partner   | path                         |
      | A      | B      | company-b | /shipments                   |
      | B      | A      | company-a | /orders/none/tracking-events |

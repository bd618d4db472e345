@attack
Feature: Nothing forged gets in

  An attacker holds the keys of an issuer that the company trusts, and fires the whole attack corpus at its real port:
  tokens of each algorithm, each with exactly one defect, and valid ones written in every way that must be accepted. The
  same with assertions and forms at its token endpoint.

  Scenario Outline: Every attack gets the answer that it deserves (attacker → <callee>)
    Given company <callee> trusts an issuer that the attacker holds
    When the attacker fires every case of the corpus at "<request>" of company <callee>
    Then at least 2500 cases were fired
    And nothing forged was served
    And nothing valid was refused
    And every refusal had the right status, reason and challenge, and said nothing of the token
    And the log has one line for each, with its reason and without its token

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  Scenario Outline: Every token request gets the answer that it deserves (attacker → <issuer>)
    Given the attacker has two registered clients at company <issuer>
    When the attacker fires every case of the corpus at the token endpoint of company <issuer>
    Then at least 1800 cases were fired
    And nothing forged was served
    And nothing valid was refused
    And every refusal had the right status and error, and said nothing of the request
    And the log has one line for each refusal, with its error and without its assertion

    Examples:
      | issuer |
      | A      |
      | B      |

  Scenario Outline: A token request that never ends is turned away (attacker → <issuer>)
    When somebody begins a token request at company <issuer> that never ends
    And client tester of company <issuer> asks its issuer for a token for company <callee> with scope "<scope>"
    Then the issuer of company <issuer> gives a token

    Examples:
      | issuer | callee | scope          |
      | A      | B      | shipments:read |
      | B      | A      | orders:read    |

@attack
Feature: Nothing forged gets in

  An attacker holds the keys of an issuer that the company trusts, and fires the whole attack corpus at its real port:
  tokens of each algorithm, each with exactly one defect, and valid ones written in every way that must be accepted.

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

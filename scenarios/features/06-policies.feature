@policies
Feature: An operator changes the trust in a partner while the company runs

  The policy for a partner is one file. A saved edit counts at once, also for tokens that were accepted
  before. A broken edit changes nothing but the log and the readiness page.

  Scenario Outline: A disabled partner is refused at once, and let in again when it is enabled (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When company <callee> disables its partner company <caller>
    And it calls "<request>" at company <callee>
    Then company <callee> refuses with 403 "partner_disabled"
    When company <callee> enables its partner company <caller> again
    And it calls "<request>" at company <callee>
    Then company <callee> answers 200
    And the change took effect within 5 seconds and without a restart

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Trust ends on its last day (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When the trust of company <callee> in company <caller> ended yesterday
    And it calls "<request>" at company <callee>
    Then company <callee> refuses with 403 "policy_expired"

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A lower ceiling counts for tokens that are in use already (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When company <callee> takes the scope "<scope>" from the tester's client of company <caller>
    And it calls "<request>" at company <callee>
    Then company <callee> refuses with 403 "scope_beyond_ceiling"

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A broken edit keeps the last good policy and says so (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When company <callee> saves a broken policy for its partner company <caller>
    And it calls "<request>" at company <callee>
    Then company <callee> answers 200
    And the operator of company <callee> reads that the policy for company <caller> is broken
    When company <callee> repairs that policy for company <caller>
    Then company <callee> serves

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

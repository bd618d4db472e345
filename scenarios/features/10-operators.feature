@operators
Feature: An operator sees what is going on, and never a token

  Scenario Outline: The command line calls the partner with a token that it does not show (<caller> → <callee>)
    When the operator of company <caller> calls "<request>" at its partner as client <client> from the command line
    Then company <callee> answers 200
    And the command ends with 0
    And it has printed no token

    Examples:
      | caller | callee | client           | request        |
      | A      | B      | order-service    | GET /shipments |
      | B      | A      | shipment-service | GET /orders    |

  Scenario Outline: The command line says why the partner refused (<caller> → <callee>)
    When the operator of company <caller> calls "<request>" at its partner as client <client> with scope "<scope>" only
    Then company <callee> refuses with 403 "insufficient_scope"
    And the command ends with 1
    And it has printed "<needed>"
    And it has printed no token
    And company <callee> has counted a decision about partner <partner> with the reason "insufficient_scope"

    Examples:
      | caller | callee | partner   | client           | request        | scope           | needed         |
      | A      | B      | company-a | order-service    | GET /shipments | shipments:write | shipments:read |
      | B      | A      | company-b | shipment-service | GET /orders    | tracking:write  | orders:read    |

  Scenario Outline: The configuration and the partner can be checked while the company serves (<company>)
    When the operator of company <company> runs "config check"
    Then the command ends with 0
    When the operator of company <company> runs "partners check"
    Then the command ends with 0
    And it has printed "<partner>"
    When the operator of company <company> runs "keys list --json"
    Then the command ends with 0
    And it has printed "ES256"

    Examples:
      | company | partner   |
      | A       | company-b |
      | B       | company-a |

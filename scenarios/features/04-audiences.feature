@audiences
Feature: A token is good for one API alone

  A token names the one API that it is for. Whoever else gets hold of it, the called partner included,
  can do nothing with it elsewhere.

  @confused-deputy
  Scenario Outline: A token that the partner received cannot be presented back at home (<caller> → <callee> → <caller>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When it calls "<back>" at company <caller>
    Then company <caller> refuses with 401 "audience_mismatch"

    Examples:
      | caller | callee | scope          | request        | back           |
      | A      | B      | shipments:read | GET /shipments | GET /orders    |
      | B      | A      | orders:read    | GET /orders    | GET /shipments |

  Scenario Outline: A token for the own API does not open the partner's (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <caller> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 401 "audience_mismatch"

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | orders:read    | GET /shipments |
      | B      | A      | shipments:read | GET /orders    |

  Scenario Outline: The own issuer refuses an audience that the client is not registered for (<caller> → <callee>)
    When client newcomer of company <caller> asks its issuer for a token for company <caller> with scope "<scope>"
    Then the issuer of company <caller> refuses with 400 "invalid_target"
    When client tester of company <caller> asks its issuer for a token for "https://api.elsewhere.example" with scope "<scope>"
    Then the issuer of company <caller> refuses with 400 "invalid_target"

    Examples:
      | caller | callee | scope          |
      | A      | B      | orders:read    |
      | B      | A      | shipments:read |

  Scenario Outline: The own issuer gives no token for two APIs (<caller>)
    When client tester of company <caller> asks its issuer for one token for both companies with scope "<scope>"
    Then the issuer of company <caller> refuses with 400 "invalid_target"

    Examples:
      | caller | scope          |
      | A      | orders:read    |
      | B      | shipments:read |

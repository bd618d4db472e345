@assertions
Feature: A client proves who it is anew for every token

  The proof is an assertion that the client signs with its own key. It counts once. Whoever records it on
  the way gets nothing for it.

  Scenario Outline: An assertion that was used is refused (<caller>)
    When client tester of company <caller> asks its issuer for a token for company <callee> with scope "<scope>"
    Then the issuer of company <caller> gives a token
    When somebody sends the same token request again
    Then the issuer of company <caller> refuses with 401 "invalid_client"

    Examples:
      | caller | callee | scope          |
      | A      | B      | shipments:read |
      | B      | A      | orders:read    |

  @restart
  Scenario Outline: A restart does not forget which assertions were used (<caller>)
    When client tester of company <caller> asks its issuer for a token for company <callee> with scope "<scope>"
    Then the issuer of company <caller> gives a token
    When company <caller> is killed
    And company <caller> starts again
    And somebody sends the same token request again
    Then the issuer of company <caller> refuses with 401 "invalid_client"

    Examples:
      | caller | callee | scope          |
      | A      | B      | shipments:read |
      | B      | A      | orders:read    |

@workload
Feature: A client without a key of its own authenticates with the token that its platform gives it

  Nothing is handed out and nothing is stored: the platform, here one like Kubernetes, writes a short-lived
  token into a file of the pod and replaces it. The company has bound that client to one service account
  by name and uid, and reads the file anew for each request.

  Scenario Outline: It gets tokens, and goes on when the platform replaces its own (<caller> → <callee>)
    Given the platform of company <caller> has given its pod a token
    When the operator of company <caller> calls "<request>" at its partner as client pod from the command line
    Then company <callee> answers 200
    When the platform of company <caller> gives its pod another token
    And the operator of company <caller> calls "<request>" at its partner as client pod from the command line
    Then company <callee> answers 200

    Examples:
      | caller | callee | request        |
      | A      | B      | GET /shipments |
      | B      | A      | GET /orders    |

  Scenario Outline: What is not the bound workload gets nothing, and the log says why: <detail> (<caller>)
    Given the platform of company <caller> has given its pod a token
    When <what>
    And the operator of company <caller> runs "call --client pod --partner <partner> <request>"
    Then the command ends with 1
    And it has printed "invalid_client"
    And it has printed no token
    And the operator of company <caller> reads the detail "<detail>"

    Examples:
      | caller | partner   | request        | what                                                                                 | detail                  |
      | A      | company-b | GET /shipments | the service account of the pod of company A is deleted and made again                | workload_claim_mismatch |
      | B      | company-a | GET /orders    | the service account of the pod of company B is deleted and made again                | workload_claim_mismatch |
      | A      | company-b | GET /shipments | the platform of company A gives its pod a token for the issuer of its partner        | audience_mismatch       |
      | B      | company-a | GET /orders    | the platform of company B gives its pod a token for the issuer of its partner        | audience_mismatch       |
      | A      | company-b | GET /shipments | the platform of company A gives its pod a token for a year                           | lifetime_exceeded       |
      | B      | company-a | GET /orders    | the platform of company B gives its pod a token for a year                           | lifetime_exceeded       |
      | A      | company-b | GET /shipments | the platform of company A stops giving its pod tokens, and the last one has expired  | assertion_expired       |
      | B      | company-a | GET /orders    | the platform of company B stops giving its pod tokens, and the last one has expired  | assertion_expired       |

  Scenario Outline: The configuration check says what each client proves itself with (<caller>)
    When the operator of company <caller> runs "config check"
    Then the command ends with 0
    And it has printed "client pod: token_file, replaced by the platform of workload-issuers/cluster.toml, within 10 minutes"

    Examples:
      | caller |
      | A      |
      | B      |

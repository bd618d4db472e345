# What company-a may do with the transit engine: make, describe and destroy its own signing keys, and sign with them.
# Keys can never be exported or backed up, whatever the company asks for, because the parameters that permit it are denied
# and no path for exporting is given.
path "transit/keys/company-a.*" {
  capabilities      = ["create", "read", "update", "delete"]
  denied_parameters = {
    "exportable"             = []
    "allow_plaintext_backup" = []
  }
}

path "transit/sign/company-a.*" {
  capabilities = ["update"]
}

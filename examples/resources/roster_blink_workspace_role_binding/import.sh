# WORKSPACE_ID/ENTITY_TYPE/ENTITY_ID
terraform import roster_blink_workspace_role_binding.owner 3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01/user/u-alice

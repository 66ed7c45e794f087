# WORKSPACE_ID/USER_ID
terraform import roster_blazemeter_workspace_user.manager 70001/352749

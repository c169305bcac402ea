"""Questions and notices that a panel or the workbench shows while there is something to ask or tell."""

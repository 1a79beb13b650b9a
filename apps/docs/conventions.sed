# What every class of ours has, documented once, for Doxygen's eyes only: lines keep their numbers.
/\/\*\*/b
s|^( *)((virtual )?void describe\(Fields&[^)]*\))|\1/** Names every option with its range and meaning, for the reader of configurations, `dualebm list` and the checks. */ \2|
s|^( *)(struct Options( :[^{]*)? \{)|\1/** What a configuration may set; `dualebm list` says it again. */ \2|
s|^( *)(using Options = )|\1/** What a configuration may set; `dualebm list` says it again. */ \2|

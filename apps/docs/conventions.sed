# What every class of ours has, documented once, for Doxygen's eyes only: lines keep their numbers.
/\/\*\*/b
# A docstring above is read together with what it stands above, which then needs none of these.
:more
/(^|\n) *\/\/\/[^\n]*$/{
  $!{
    N
    b more
  }
}
s|^( *)((virtual )?void describe\(Fields&[^)]*\))|\1/** Names every option with its range and meaning, for the reader of configurations, `dualebm list` and the checks. */ \2|
s|^( *)(struct Options( :[^{]*)? \{)|\1/** What a configuration may set; `dualebm list` says it again. */ \2|
s|^( *)(using Options = )|\1/** What a configuration may set; `dualebm list` says it again. */ \2|
s|^( *)(explicit [A-Za-z]+\(TrainerContext context\))|\1/** With the options' defaults. */ \2|
s|^( *)(explicit [A-Za-z]+\(const Options& options\))|\1/** @throws UserError if an option is out of its range */ \2|
s|^( *)([A-Za-z]+\(TrainerContext context, const Options& options\))|\1/** @throws UserError if an option is out of its range */ \2|
s|^( *)(std::filesystem::path [a-z]+\(\) const \{ return path_ / ("[^"]+"); \})|\1/** The file \3 in the folder. */ \2|
# What is said of several variables in one line holds for each of them.
s|^( *)([A-Za-z_:0-9 ]+(<[^;()]*>)? [a-z][a-z_0-9]*( = [^,;(]+)?, [a-z_][^;()]*;) *///< (.*)$|\1/** \5 */ \2|
:each
s|^( *)(/\*\* .* \*/) ([A-Za-z_:0-9 ]+(<[^;()]*>)?) ([a-z_][^;()]*), ([a-z_0-9]+( = [^,;]+)?);(.*)$|\1\2 \3 \5; \2 \3 \6;\8|
t each
s|\n( *)([A-Za-z_:0-9 ]+(<[^;()]*>)?) ([a-z_0-9]+)( = [^,;()]+)?, ([a-z_0-9]+( = [^,;()]+)?);$|\n\1\2 \4\5; /** @copydoc \4 */ \2 \6;|

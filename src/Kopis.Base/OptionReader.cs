namespace Kopis.Base;

/// <summary>
/// Reads options as getopt(3) does: letters may be bundled, values attached. A word that begins
/// with two hyphens ends them and is skipped; a hyphen alone is the first word after them.
/// </summary>
/// <param name="program">The program's name.</param>
/// <param name="words">Its words, or those of a link of a chain.</param>
/// <param name="flags">Letters without a value.</param>
/// <param name="withValue">Letters with one.</param>
/// <param name="usage">The text after <c>usage: </c>.</param>
public sealed class OptionReader(
    string program, IReadOnlyList<byte[]> words, string flags, string withValue, string usage)
{
    private byte[] _word = [];
    private int _letter;

    /// <summary>The first word that is not an option, once they are read.</summary>
    public int Next { get; private set; }

    /// <summary>The letter that was read last.</summary>
    public char Letter { get; private set; }

    /// <summary>Its value; empty if it has none.</summary>
    public byte[] Value { get; private set; } = [];

    /// <summary>The value, one character a byte.</summary>
    public string ValueText => ByteText.ToText(Value);

    /// <summary>Reads the next option; false after the last.</summary>
    /// <exception cref="ConfigurationException">There is no such option, or its value is missing.
    /// </exception>
    public bool Read()
    {
        if (_letter == _word.Length && !NextWord())
        {
            return false;
        }

        Letter = (char)_word[_letter++];
        Value = [];
        if (flags.Contains(Letter, StringComparison.Ordinal))
        {
            return true;
        }

        if (!withValue.Contains(Letter, StringComparison.Ordinal))
        {
            throw Wrong($"illegal option -- {RawText.Of([(byte)Letter])}\n{program}: ");
        }

        Value = _letter < _word.Length ? _word[_letter..]
            : Next < words.Count ? words[Next++]
            : throw Wrong($"option requires an argument -- {Letter}\n{program}: ");
        _letter = _word.Length;
        return true;
    }

    /// <summary>The words after the options.</summary>
    /// <exception cref="ConfigurationException">There are too few words.</exception>
    public IReadOnlyList<byte[]> Rest(int least) =>
        words.Count - Next >= least ? [.. words.Skip(Next)] : throw Wrong();

    /// <summary>Wrong usage: exit code 100.</summary>
    public ConfigurationException Wrong(string before = "") =>
        new($"{before}usage: {usage}", ExitCode.Permanent) { Label = "" };

    private bool NextWord()
    {
        if (Next >= words.Count || words[Next] is not [(byte)'-', _, ..])
        {
            return false;
        }

        _word = words[Next++];
        _letter = _word[1] == (byte)'-' ? _word.Length : 1;
        return _letter == 1;
    }
}

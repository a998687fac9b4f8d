using System.Globalization;
using Kopis.Base;

namespace Kopis.Trust;

/// <summary>rblsmtpd's command line (contract §12.3).</summary>
internal sealed class RblsmtpdOptions
{
    private const string Usage = "usage: rblsmtpd [ -bBcCR ] [ -t timeout ] [ -r base ] "
        + "[ -a base ] smtpd [ arg ... ]";

    private const string Flags = "bBcCR";

    // Seconds that the talk with a client that is kept out may last (ucspi-tcp 0.88).
    private const int TimeoutSecondsDefault = 60;

    private readonly List<(bool Lists, string Zone)> _sources = [];

    private RblsmtpdOptions()
    {
    }

    /// <summary>In the order of the command line: zones that list clients to keep out (-r), and
    /// zones that list clients to let in (-a).</summary>
    internal IReadOnlyList<(bool Lists, string Zone)> Sources => _sources;

    /// <summary>553 for listed clients rather than 451.</summary>
    internal bool Bounces { get; private set; }

    /// <summary>Without an answer of DNS, a client counts as listed.</summary>
    internal bool FailsClosed { get; private set; }

    /// <summary>For the whole talk; zero: the rejection alone is said.</summary>
    internal TimeSpan Timeout { get; private set; } = TimeSpan.FromSeconds(TimeoutSecondsDefault);

    /// <summary>The program that takes mail, and its arguments.</summary>
    internal IReadOnlyList<byte[]> Program { get; private set; } = [];

    /// <summary>Reads the words; options may be bundled, their values attached.</summary>
    /// <exception cref="ConfigurationException">Wrong usage; exit 100.</exception>
    internal static RblsmtpdOptions Parse(IReadOnlyList<byte[]> words)
    {
        RblsmtpdOptions options = new();
        int at = 0;
        while (at < words.Count && words[at] is [(byte)'-', _, ..])
        {
            string word = ByteText.ToText(words[at++]);
            if (word == "--")
            {
                break;
            }

            int letter = 1;
            while (letter < word.Length && Flags.Contains(word[letter], StringComparison.Ordinal))
            {
                options.Set(word[letter++]);
            }

            if (letter == word.Length)
            {
                continue;
            }

            string value = letter + 1 < word.Length ? word[(letter + 1)..]
                : at < words.Count ? ByteText.ToText(words[at++])
                : throw WrongUsage();
            options.Set(word[letter], value);
        }

        options.Program = at < words.Count ? [.. words.Skip(at)] : throw WrongUsage();
        return options;
    }

    private void Set(char flag)
    {
        switch (flag)
        {
            case 'b' or 'B':
                Bounces = flag == 'b';
                break;
            case 'c' or 'C':
                FailsClosed = flag == 'c';
                break;
            default: // R: no list by default. There is none.
                break;
        }
    }

    private void Set(char option, string value)
    {
        switch (option)
        {
            case 'r' or 'a':
                _sources.Add((option == 'r', value));
                break;
            case 't' when uint.TryParse(
                value, NumberStyles.None, CultureInfo.InvariantCulture, out uint seconds):
                Timeout = TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue / 1000));
                break;
            default:
                throw WrongUsage();
        }
    }

    private static ConfigurationException WrongUsage() => new(Usage, ExitCode.Permanent);
}

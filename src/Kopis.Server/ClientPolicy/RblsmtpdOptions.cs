using System.Globalization;
using Kopis.Base;

namespace Kopis.Server.ClientPolicy;

/// <summary>rblsmtpd's command line (contract §12.3).</summary>
internal sealed class RblsmtpdOptions
{
    private const string Usage = "rblsmtpd [ -b ] [ -R ] [ -t timeout ] [ -r base ] "
        + "[ -a base ] smtpd [ arg ... ]";

    private const string Flags = "bBcCR";

    // How long the session with a refused client may last, in seconds (ucspi-tcp 0.88).
    private const int TimeoutSecondsDefault = 60;

    private readonly List<(bool Lists, string Zone)> _sources = [];

    private RblsmtpdOptions()
    {
    }

    /// <summary>In the order of the command line: zones of clients to refuse (-r), and zones of
    /// clients to let in (-a).</summary>
    internal IReadOnlyList<(bool Lists, string Zone)> Sources => _sources;

    /// <summary>Whether listed clients get 553 instead of 451.</summary>
    internal bool Bounces { get; private set; }

    /// <summary>Whether a client counts as listed if DNS does not answer.</summary>
    internal bool FailsClosed { get; private set; }

    /// <summary>The limit for the whole session; zero: only the rejection is sent.</summary>
    internal TimeSpan Timeout { get; private set; } = TimeSpan.FromSeconds(TimeoutSecondsDefault);

    /// <summary>The program that receives mail, and its arguments.</summary>
    internal IReadOnlyList<byte[]> Program { get; private set; } = [];

    /// <summary>Parses the words. Options may be bundled, and their values may be attached.
    /// </summary>
    /// <exception cref="ConfigurationException">Wrong usage; exit 100.</exception>
    internal static RblsmtpdOptions Parse(IReadOnlyList<byte[]> words)
    {
        RblsmtpdOptions options = new();
        OptionReader reader = new("rblsmtpd", words, Flags, "rat", Usage);
        while (reader.Read())
        {
            if (Flags.Contains(reader.Letter, StringComparison.Ordinal))
            {
                options.Set(reader.Letter);
            }
            else
            {
                options.Set(reader);
            }
        }

        options.Program = reader.Rest(1);
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
            default: // R: no default list. There is none.
                break;
        }
    }

    private void Set(OptionReader reader)
    {
        if (reader.Letter != 't')
        {
            _sources.Add((reader.Letter == 'r', reader.ValueText));
            return;
        }

        Timeout = uint.TryParse(
            reader.ValueText, NumberStyles.None, CultureInfo.InvariantCulture, out uint seconds)
                ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue / 1000))
                : throw reader.Wrong();
    }
}

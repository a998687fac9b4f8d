using System.Globalization;
using Kopis.Base;

namespace Kopis.Start;

/// <summary>The command line of <c>kopis run</c>.</summary>
internal sealed record RunOptions(
    string Home, HostPort Smtp, HostPort Pop3, bool Help)
{
    internal const string Usage = """
        usage: kopis run [--home DIR] [--smtp HOST:PORT] [--pop3 HOST:PORT]

        Runs a whole mail host in the foreground, without root and without configuration:
        receives by SMTP, queues, delivers to Maildirs, relays, bounces, serves mail by POP3.

          --home DIR         where its mail, queue and control files are (default: ./var)
          --smtp HOST:PORT   where it receives mail (default: 127.0.0.1:2525)
          --pop3 HOST:PORT   where it serves mail   (default: 127.0.0.1:2110)

        IPv6 literals stand in brackets: --smtp [::1]:2525. Ctrl-C ends it.

        """;

    /// <exception cref="ConfigurationException">Not an option, or not a place.</exception>
    internal static RunOptions Parse(IReadOnlyList<string> words)
    {
        RunOptions options = new(
            Path.GetFullPath("var"), new HostPort("127.0.0.1", 2525),
            new HostPort("127.0.0.1", 2110), Help: false);
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            string? value = null;
            int equals = word.IndexOf('=');
            if (equals > 0)
            {
                (word, value) = (word[..equals], word[(equals + 1)..]);
            }

            if (word is "--help" or "-h")
            {
                return options with { Help = true };
            }

            value ??= i + 1 < words.Count ? words[++i] : throw Misuse($"{word} needs a value");
            options = word switch
            {
                "--home" => options with { Home = Path.GetFullPath(value) },
                "--smtp" => options with { Smtp = ParsePlace(word, value) },
                "--pop3" => options with { Pop3 = ParsePlace(word, value) },
                _ => throw Misuse($"there is no option {word}; try kopis run --help"),
            };
        }

        return options;
    }

    private static HostPort ParsePlace(string option, string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "" : text[..colon];
        bool bracketed = host is ['[', _, .., ']'];
        if (host.Length == 0 || (host.Contains(':') && !bracketed)
            || !ushort.TryParse(
                text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out ushort port))
        {
            throw Misuse($"{option} {text}: not HOST:PORT");
        }

        return new HostPort(bracketed ? host[1..^1] : host, port);
    }

    private static ConfigurationException Misuse(string what) => new(what, ExitCode.Permanent);
}

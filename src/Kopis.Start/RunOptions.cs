using System.Globalization;
using Kopis.Base;

namespace Kopis.Start;

/// <summary>The command line of <c>kopis run</c>.</summary>
internal sealed record RunOptions(
    string Home, HostPort Smtp, HostPort Pop3, HostPort Submission, HostPort Submissions,
    IReadOnlySet<string> Given, bool Help)
{
    internal const string Usage = """
        usage: kopis run [--home DIR] [--smtp HOST:PORT] [--pop3 HOST:PORT]
                         [--submission HOST:PORT] [--submissions HOST:PORT]

        Runs a whole mail host in the foreground, without root and without configuration:
        receives by SMTP, queues, delivers to Maildirs, relays, bounces, serves mail by POP3.

          --home DIR         where its mail, queue and control files are (default: ./var)
          --smtp HOST:PORT   where it receives mail (default: 127.0.0.1:2525)
          --pop3 HOST:PORT   where it serves mail   (default: 127.0.0.1:2110)
          --submission HOST:PORT    where users send, after STARTTLS and AUTH (127.0.0.1:2587)
          --submissions HOST:PORT   where they send over TLS from the start   (127.0.0.1:2465)

        Where the last two are not given and their places are taken, they are left out.

        IPv6 literals stand in brackets: --smtp [::1]:2525. Ctrl-C ends it.

        """;

    /// <exception cref="ConfigurationException">Not an option, or not a place.</exception>
    internal static RunOptions Parse(IReadOnlyList<string> words)
    {
        RunOptions options = new(
            Path.GetFullPath("var"), new HostPort("127.0.0.1", 2525),
            new HostPort("127.0.0.1", 2110), new HostPort("127.0.0.1", 2587),
            new HostPort("127.0.0.1", 2465), new HashSet<string>(), Help: false);
        HashSet<string> given = [];
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
            given.Add(word);
            options = word switch
            {
                "--home" => options with { Home = Path.GetFullPath(value) },
                "--smtp" => options with { Smtp = ParsePlace(word, value) },
                "--pop3" => options with { Pop3 = ParsePlace(word, value) },
                "--submission" => options with { Submission = ParsePlace(word, value) },
                "--submissions" => options with { Submissions = ParsePlace(word, value) },
                _ => throw Misuse($"there is no option {word}; try kopis run --help"),
            };
        }

        return options with { Given = given };
    }

    /// <summary>Whether there is to be a listener: where one was asked for, or its usual place is
    /// free.</summary>
    internal bool Has(string option, HostPort place) => Given.Contains(option) || place.IsFree();

    /// <summary>Fails where a submission port that was asked for cannot be had.</summary>
    internal void RequireGiven()
    {
        foreach ((string option, HostPort place) in ((string, HostPort)[])
            [("--submission", Submission), ("--submissions", Submissions)])
        {
            if (Given.Contains(option))
            {
                place.RequireFree(option);
            }
        }
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

using System.Globalization;
using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Host.Run;

/// <summary>The command line of <c>kopis run</c>.</summary>
/// <param name="Home">The home.</param>
/// <param name="Given">The addresses that were given, by option.</param>
/// <param name="Help">Whether only help was asked for.</param>
internal sealed record RunOptions(
    string Home, IReadOnlyDictionary<string, HostPort> Given, bool Help)
{
    /// <summary>The delivery for users without a .qmail file.</summary>
    internal string Delivery { get; private init; } = "./Maildir/";

    /// <summary>The option of the dashboard.</summary>
    internal const string WebOption = "--web";

    internal const string Usage = """
        usage: kopis run [--home DIR] [--smtp HOST:PORT] [--pop3 HOST:PORT]
                         [--submission HOST:PORT] [--submissions HOST:PORT]
                         [--pop3s HOST:PORT] [--web ADDRESS:PORT]
                         [--delivery INSTRUCTIONS]

        Runs a whole mail host in the foreground, without root and without configuration:
        receives by SMTP, queues, delivers to Maildirs, relays, bounces, serves mail by POP3.

          --home DIR         where its mail, queue and control files are (default: ./var)
          --smtp HOST:PORT   where it receives mail (default: 127.0.0.1:2525)
          --pop3 HOST:PORT   where it serves mail   (default: 127.0.0.1:2110)
          --submission HOST:PORT    for users to send, after STARTTLS and AUTH (127.0.0.1:2587)
          --submissions HOST:PORT   for users to send, over TLS from the start (127.0.0.1:2465)
          --pop3s HOST:PORT         POP3 over TLS from the start               (127.0.0.1:2995)
          --web ADDRESS:PORT        the dashboard, for a browser on this host (127.0.0.1:2580,
                                    or as control/weblisten says)

          --delivery INSTRUCTIONS   for users without any of their own (./Maildir/)

        If one of the last four places is not given and its port is in use, it is left out.

        IPv6 literals are in brackets: --smtp [::1]:2525. Ctrl-C stops it.

        """;

    /// <exception cref="ConfigurationException">A word is not an option, or not an address.
    /// </exception>
    internal static RunOptions Parse(IReadOnlyList<string> words)
    {
        string home = Path.GetFullPath("var");
        string? delivery = null;
        Dictionary<string, HostPort> given = [];
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
                return new RunOptions(home, given, Help: true);
            }

            value ??= i + 1 < words.Count ? words[++i] : throw Misuse($"{word} needs a value");
            if (word == "--home")
            {
                home = Path.GetFullPath(value);
            }
            else if (word == "--delivery")
            {
                delivery = value;
            }
            else if (word == WebOption)
            {
                given[word] = Of(WebFiles.PlaceOf(value));
            }
            else if (MailListener.All.Any(listener => listener.Option == word))
            {
                given[word] = ParsePlace(word, value);
            }
            else
            {
                throw Misuse($"unknown option: {word}; try kopis run --help");
            }
        }

        RunOptions options = new(home, given, Help: false);
        return delivery is null ? options : options with { Delivery = delivery };
    }

    /// <summary>The address of a listener.</summary>
    internal HostPort PlaceOf(MailListener listener) =>
        Given.TryGetValue(listener.Option, out HostPort place)
            ? place
            : new HostPort("127.0.0.1", listener.TrialPort);

    /// <summary>The address of the dashboard, which is a loopback address.</summary>
    /// <param name="control">Has <c>weblisten</c>, which counts if no option is given.</param>
    /// <exception cref="ConfigurationException">That file does not name such an address.
    /// </exception>
    internal HostPort WebPlace(ControlDirectory control) =>
        Given.TryGetValue(WebOption, out HostPort place) ? place
            : Of(WebFiles.PlaceOf(ByteText.ToText(control.ReadLineOrDefault(WebFiles.Listen)!)));

    /// <summary>Whether that option was given.</summary>
    internal bool IsWebGiven => Given.ContainsKey(WebOption);

    /// <summary>Binds the ports of the listeners, and returns those that are to run.</summary>
    /// <param name="ports">Holds the bound ports afterwards.</param>
    /// <exception cref="ConfigurationException">The address of a listener that is not optional is
    /// taken.</exception>
    internal IReadOnlyList<MailListener> Listeners(HeldPorts ports)
    {
        List<MailListener> listeners = [];
        foreach (MailListener listener in MailListener.All)
        {
            try
            {
                ports.Bind(listener.Name, listener.Option, PlaceOf(listener));
                listeners.Add(listener);
            }
            catch (ConfigurationException) when (
                listener.IsOptional && !Given.ContainsKey(listener.Option))
            {
                // Its address is taken, so it is left out.
            }
        }

        return listeners;
    }

    private static HostPort Of(IPEndPoint place) => new($"{place.Address}", place.Port);

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
            throw Misuse($"{option}: not HOST:PORT: {text}");
        }

        return new HostPort(bracketed ? host[1..^1] : host, port);
    }

    private static ConfigurationException Misuse(string what) => new(what, ExitCode.Permanent);
}

using System.Globalization;
using System.Net;
using Kopis.Base;
using Kopis.Net.Dns;
using Kopis.Net.Listener;

namespace Kopis.Tools.Network;

/// <summary>The command line of tcpclient (contract §12.4).</summary>
internal sealed class TcpClientOptions
{
    private const string Usage = "tcpclient [ -hHrRdDqQv ] [ -i localip ] [ -p localport ] "
        + "[ -T timeoutconn ] [ -l localname ] [ -t timeoutinfo ] host port program";

    private bool _askNames;
    private bool _askInfo;
    private int _infoSeconds = 26; // As in ucspi-tcp 0.88.

    private TcpClientOptions()
    {
    }

    /// <summary>The verbosity: 0 with -q, 1 with -Q, 2 with -v.</summary>
    internal int Verbosity { get; private set; } = 1;

    internal bool NoDelay { get; private set; }

    internal IPAddress? LocalIp { get; private set; }

    internal int LocalPort { get; private set; }

    internal byte[]? LocalName { get; private set; }

    /// <summary>What to find out about the connection: what -h and -r ask for.</summary>
    internal PeerQuestions Questions => new(
        _askNames, LocalName is not null, Paranoid: false, _askInfo,
        TimeSpan.FromSeconds(_infoSeconds));

    /// <summary>Seconds for each address in the first round and in the second.</summary>
    internal (int First, int Second) ConnectSeconds { get; private set; } = (2, 58);

    internal string Host { get; private set; } = "";

    internal string Port { get; private set; } = "";

    internal IReadOnlyList<byte[]> Program { get; private set; } = [];

    /// <summary>Options for a client that only connects.</summary>
    /// <param name="host">The host to connect to.</param>
    /// <param name="port">The port to connect to.</param>
    internal static TcpClientOptions Of(string host, string port) =>
        new() { Host = host, Port = port };

    /// <exception cref="ConfigurationException">Code 100: the command line cannot be parsed.
    /// </exception>
    internal static TcpClientOptions Parse(ProgramContext context)
    {
        TcpClientOptions options = new();
        OptionReader reader =
            new(context.Name, context.Arguments, "hHrRdDqQv", "ipTlt", Usage);
        while (reader.Read())
        {
            options.Set(reader);
        }

        IReadOnlyList<byte[]> rest = reader.Rest(0);
        if (rest.Count < 3)
        {
            throw options.Verbosity == 0 ? reader.Wrong().Silenced() : reader.Wrong();
        }

        options.Host = RawText.Of(rest[0]);
        options.Port = RawText.Of(rest[1]);
        options.Program = [.. rest.Skip(2)];
        return options;
    }

    private void Set(OptionReader reader)
    {
        switch (reader.Letter)
        {
            case 'q' or 'Q' or 'v':
                Verbosity = reader.Letter switch { 'q' => 0, 'Q' => 1, _ => 2 };
                break;
            case 'd' or 'D':
                NoDelay = reader.Letter == 'D';
                break;
            case 'h' or 'H':
                _askNames = reader.Letter == 'h';
                break;
            case 'r' or 'R':
                _askInfo = reader.Letter == 'r';
                break;
            case 'i':
                LocalIp = HostAddresses.Literal(reader.ValueText) ?? throw reader.Wrong();
                break;
            case 'p':
                LocalPort = ushort.TryParse(
                    reader.ValueText, NumberStyles.None, null, out ushort port)
                        ? port : throw reader.Wrong();
                break;
            case 'l':
                LocalName = reader.Value;
                break;
            case 'T':
                ConnectSeconds = Seconds(reader);
                break;
            default:
                _infoSeconds = Seconds(reader).First;
                break;
        }
    }

    private static (int First, int Second) Seconds(OptionReader reader)
    {
        string[] parts = reader.ValueText.Split('+', 2);
        bool valid = int.TryParse(parts[0], NumberStyles.None, null, out int first);
        int second = 0;
        valid = valid && (parts.Length < 2
            || int.TryParse(parts[1], NumberStyles.None, null, out second));
        const int most = int.MaxValue / 1000;
        return valid ? (Math.Min(first, most), Math.Min(second, most)) : throw reader.Wrong();
    }
}

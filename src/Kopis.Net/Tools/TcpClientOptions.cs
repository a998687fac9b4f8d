using System.Globalization;
using Kopis.Base;

namespace Kopis.Net;

/// <summary>tcpclient's command line (contract §12.4).</summary>
internal sealed class TcpClientOptions
{
    private const string Flags = "hHrRdDqQv";
    private const string WithValue = "ipTlt";
    private const string Usage = "usage: tcpclient [ -hHrRdDqQv ] [ -i localip ] [ -p localport ] "
        + "[ -T timeoutconn ] [ -l localname ] [ -t timeoutinfo ] host port program";

    private bool _askNames;
    private bool _askInfo;
    private int _infoSeconds = 26; // ucspi-tcp 0.88.

    private TcpClientOptions()
    {
    }

    internal bool IsVerbose { get; private set; }

    internal bool IsQuiet { get; private set; }

    internal bool NoDelay { get; private set; } = true;

    internal string? LocalIp { get; private set; }

    internal string LocalPort { get; private set; } = "0";

    internal string? LocalName { get; private set; }

    /// <summary>What to find out about the connection: only what -h and -r ask for.</summary>
    internal PeerQuestions Questions => new(
        _askNames, LocalName is not null, Paranoid: false, _askInfo,
        TimeSpan.FromSeconds(_infoSeconds));

    /// <summary>Seconds for each address, in the first round and in the second.</summary>
    internal (int First, int Second) ConnectSeconds { get; private set; } = (2, 58);

    internal string Host { get; private set; } = "";

    internal string Port { get; private set; } = "";

    internal IReadOnlyList<byte[]> Program { get; private set; } = [];

    /// <exception cref="ConfigurationException">100: it cannot be understood.</exception>
    internal static TcpClientOptions Parse(ProgramContext context)
    {
        TcpClientOptions options = new();
        int at = 0;
        while (context.ArgumentText(at) is { Length: > 1 } word && word[0] == '-')
        {
            at++;
            if (word == "--")
            {
                break;
            }

            for (int i = 1; i < word.Length; i++)
            {
                if (Flags.Contains(word[i], StringComparison.Ordinal))
                {
                    options.Set(word[i]);
                    continue;
                }

                string? value = i + 1 < word.Length ? word[(i + 1)..] : context.ArgumentText(at++);
                if (!WithValue.Contains(word[i], StringComparison.Ordinal) || value is null)
                {
                    throw new ConfigurationException(Usage, ExitCode.Permanent);
                }

                options.Set(word[i], value);
                break;
            }
        }

        if (context.Arguments.Count < at + 3)
        {
            throw new ConfigurationException(Usage, ExitCode.Permanent);
        }

        options.Host = context.ArgumentText(at)!;
        options.Port = context.ArgumentText(at + 1)!;
        options.Program = [.. context.Arguments.Skip(at + 2)];
        return options;
    }

    private void Set(char flag)
    {
        IsVerbose = flag == 'v' || (IsVerbose && flag is not ('q' or 'Q'));
        IsQuiet = flag == 'q' || (IsQuiet && flag is not ('v' or 'Q'));
        _askNames = flag == 'h' || (_askNames && flag != 'H');
        _askInfo = flag == 'r' || (_askInfo && flag != 'R');
        NoDelay = flag == 'D' || (NoDelay && flag != 'd');
    }

    private void Set(char option, string value)
    {
        switch (option)
        {
            case 'i':
                LocalIp = value;
                break;
            case 'p':
                LocalPort = value;
                break;
            case 'l':
                LocalName = value;
                break;
            case 'T':
                ConnectSeconds = Seconds(value);
                break;
            default:
                _infoSeconds = Seconds(value).First;
                break;
        }
    }

    private static (int First, int Second) Seconds(string value)
    {
        string[] parts = value.Split('+', 2);
        bool valid = int.TryParse(parts[0], NumberStyles.None, null, out int first);
        int second = 0;
        valid = valid && (parts.Length < 2
            || int.TryParse(parts[1], NumberStyles.None, null, out second));
        return valid ? (first, second) : throw new ConfigurationException(
            Usage, ExitCode.Permanent);
    }
}

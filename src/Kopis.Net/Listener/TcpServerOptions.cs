using System.Globalization;
using Kopis.Base;
using Kopis.Net.Dns;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>tcpserver's command line (contract §12.1).</summary>
internal sealed class TcpServerOptions
{
    internal const string Usage =
        "tcpserver [ -1UXpPhHrRoOdDqQv ] [ -c limit ] [ -C perhost ] [ -x rules.cdb ] "
        + "[ -B banner ] [ -g gid ] [ -u uid ] [ -b backlog ] [ -l localname ] [ -t timeout ] "
        + "host port program";

    private const string Flags = "1UXpPhHrRoOdDqQv";
    private const string WithValue = "cCxBgublt";

    private uint? _uid;
    private uint? _gid;

    /// <summary>How many sessions may run at once; more wait in the backlog.</summary>
    internal int Limit { get; private set; } = 40;

    /// <summary>How many sessions one address may have at once. Not in ucspi-tcp; see DIFFERENCES.
    /// Zero: no limit.</summary>
    internal int LimitPerAddress { get; private set; }

    internal int Backlog { get; private set; } = 20;

    internal string? RulesFile { get; private set; }

    /// <summary>Whether a missing rules file allows all clients instead of none.</summary>
    internal bool AllowWithoutRules { get; private set; }

    internal byte[] Banner { get; private set; } = [];

    internal string? LocalName { get; private set; }

    /// <summary>TCPLOCALHOST without DNS: the value of -l, or the host word if it is a name.
    /// </summary>
    internal string? LocalHost =>
        LocalName ?? (Host is "" or "0" || HostAddresses.Literal(Host) is not null
            ? null : Host);

    /// <summary>-h, -H; null if neither is given.</summary>
    internal bool? AskNames { get; private set; }

    /// <summary>-r, -R; null if neither is given.</summary>
    internal bool? AskInfo { get; private set; }

    internal bool Paranoid { get; private set; }

    // ucspi-tcp 0.88.
    internal TimeSpan InfoTimeout { get; private set; } = TimeSpan.FromSeconds(26);

    internal bool PrintPort { get; private set; }

    internal bool KeepSourceRoute { get; private set; }

    internal bool NoDelay { get; private set; }

    /// <summary>0 with -q, 1 with -Q, 2 with -v.</summary>
    internal int Verbosity { get; private set; } = 1;

    internal string Host { get; private set; } = "0";

    internal string Port { get; private set; } = "";

    internal IReadOnlyList<byte[]> Chain { get; private set; } = [];

    /// <summary>What to ask about a connection: as the options say, or else what the rules depend
    /// on. A name or a user that nothing depends on is not worth a client's wait (DIFFERENCES).
    /// </summary>
    internal PeerQuestions QuestionsFor(TcpRules? rules) => new(
        AskNames ?? (Paranoid || rules is { LookAtHosts: true }), LocalName is not null, Paranoid,
        AskInfo ?? rules is { LookAtInfo: true }, InfoTimeout);

    /// <summary>Parses the words. Options may be bundled, and their values may be attached.
    /// </summary>
    /// <exception cref="ConfigurationException">Wrong usage; exit 100.</exception>
    internal static TcpServerOptions Parse(ProgramContext context)
    {
        TcpServerOptions options = new();
        OptionReader reader =
            new(context.Name, context.Arguments, Flags, WithValue, Usage);
        while (reader.Read())
        {
            if (Flags.Contains(reader.Letter, StringComparison.Ordinal))
            {
                options.SetFlag(reader.Letter, context.Environment);
            }
            else
            {
                options.SetValue(reader);
            }
        }

        IReadOnlyList<byte[]> rest = reader.Rest(0);
        if (rest.Count < 3)
        {
            throw options.Verbosity == 0 ? reader.Wrong().Silenced() : reader.Wrong();
        }

        options.Host = RawText.Of(rest[0]);
        options.Port = RawText.Of(rest[1]);
        options.Chain = [.. rest.Skip(2)];
        return options;
    }

    private void SetFlag(char option, ByteEnvironment environment)
    {
        switch (option)
        {
            case '1':
                PrintPort = true;
                break;
            case 'U':
                _uid = Id(environment["UID"] ?? [], "$UID");
                _gid = Id(environment["GID"] ?? [], "$GID");
                break;
            case 'X':
                AllowWithoutRules = true;
                break;
            case 'o' or 'O':
                KeepSourceRoute = option == 'o';
                break;
            case 'd' or 'D':
                NoDelay = option == 'D';
                break;
            case 'q' or 'Q' or 'v':
                Verbosity = option switch { 'q' => 0, 'Q' => 1, _ => 2 };
                break;
            case 'h' or 'H':
                AskNames = option == 'h';
                break;
            case 'r' or 'R':
                AskInfo = option == 'r';
                break;
            default:
                Paranoid = option == 'p';
                break;
        }
    }

    private void SetValue(OptionReader reader)
    {
        byte[] value = reader.Value;
        switch (reader.Letter)
        {
            case 'c':
                Limit = Math.Max(1, (int)Math.Min(Number(reader), 1_000_000));
                break;
            case 'C':
                LimitPerAddress = (int)Math.Min(Number(reader), 1_000_000);
                break;
            case 'x':
                RulesFile = RawText.Of(value);
                break;
            case 'B':
                Banner = value;
                break;
            case 'g':
                _gid = Id(value, "-g");
                break;
            case 'u':
                _uid = Id(value, "-u");
                break;
            case 'b':
                Backlog = (int)Math.Min(Number(reader), 1_000_000);
                break;
            case 'l':
                LocalName = RawText.Of(value);
                break;
            default:
                InfoTimeout = TimeSpan.FromSeconds(Math.Min(Number(reader), int.MaxValue / 1000));
                break;
        }
    }

    /// <summary>The user that serves once the port is bound; null: the present user.</summary>
    /// <exception cref="ConfigurationException">There is a group but no user, or the user has no
    /// group.</exception>
    internal ProcessIdentity? Identity()
    {
        uint? gid = _gid ?? (_uid is { } named ? UnixUsers.ByUid(named)?.Gid : null);
        bool isUs = (_uid ?? Processes.EffectiveUid) == Processes.EffectiveUid
            && (_gid ?? Processes.Gid) == Processes.Gid;
        return isUs ? null
            : _uid is { } uid && gid is { } group ? new ProcessIdentity(uid, group, group)
            : throw new ConfigurationException(
                _uid is null ? "-g needs -u" : $"-u {_uid} needs -g", ExitCode.Permanent);
    }

    private static uint Id(byte[] text, string option) =>
        ProcessIdentity.TryParseId(ByteText.ToText(text), out uint id)
            ? id
            : throw new ConfigurationException(
                $"{option} is not an id from 1 to 4294967294", ExitCode.Permanent);

    private static uint Number(OptionReader reader) =>
        uint.TryParse(
            reader.ValueText, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? number
            : throw reader.Wrong();
}

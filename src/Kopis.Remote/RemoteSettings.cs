using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Net.Dns;
using Kopis.Net.Tls;
using Kopis.Remote.Replies;
using Kopis.Remote.Sources;

namespace Kopis.Remote;

/// <summary>The control files of qmail-remote (contract §2.2).</summary>
public sealed record RemoteSettings
{
    private RemoteSettings()
    {
    }

    /// <summary>Our name in HELO and EHLO.</summary>
    public required byte[] HeloHost { get; init; }

    /// <summary>Routes that replace the MX, by domain.</summary>
    public required SmtpRoutes Routes { get; init; }

    /// <summary>Routes that replace the MX, by sender.</summary>
    public required AuthSenders Senders { get; init; }

    /// <summary>LMTP servers, by domain; they come before all other routes.</summary>
    public required LmtpRoutes Lmtp { get; init; }

    /// <summary>Logins and tokens.</summary>
    public required PrivateDirectory Secrets { get; init; }

    /// <summary>The longest wait for a connection.</summary>
    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>The longest wait for one read or write.</summary>
    public required TimeSpan RemoteTimeout { get; init; }

    /// <summary>How long an idle connection waits for the next message; zero: it is closed.
    /// </summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>The limits of destinations.</summary>
    public required DestinationRules Rules { get; init; }

    /// <summary>Our name in EHLO for each of our addresses.</summary>
    internal HeloHosts HeloHosts { get; private init; } = HeloHosts.None;

    /// <summary>Chooses which of our addresses mail is sent from.</summary>
    internal SourceRules Sources { get; private init; } = SourceRules.None;

    /// <summary>Lists of addresses that are this host's, and that are not.</summary>
    internal OwnAddressLists? Own { get; private init; }

    /// <summary>Whether preferences of MX tell which hosts speak QMTP.</summary>
    internal bool UsesMxps { get; private init; }

    /// <summary>What follows from replies of servers.</summary>
    internal ReplyRules Replies { get; private init; } = ReplyRules.Default;

    /// <summary>What is required of TLS.</summary>
    public required TlsClientSettings Tls { get; init; }

    /// <summary>Whether the beginnings of sessions are to be reported.</summary>
    public required bool ReportsTls { get; init; }

    /// <summary>Faulty lines, with the reason. Each affects only mail of its own domain.</summary>
    public IEnumerable<string> Faults =>
        Routes.Faults.Concat(Lmtp.Faults).Concat(Senders.Faults).Concat(Tls.Policies.Faults)
            .Concat(Sources.Faults);

    /// <summary>The control files that are read here.</summary>
    public static IReadOnlyList<ControlFile> Files { get; } =
    [
        HostFiles.Me, RemoteFiles.HeloHost, RemoteFiles.SmtpRoutes, RemoteFiles.LmtpRoutes,
        RemoteFiles.TimeoutConnect, RemoteFiles.TimeoutRemote, RemoteFiles.TimeoutIdle,
        RemoteFiles.OpenAuthSenders, RemoteFiles.Destinations, RemoteFiles.Replies,
        RemoteFiles.SourceAddresses, RemoteFiles.BindRoutes, RemoteFiles.OutgoingIp,
        RemoteFiles.HeloHosts, RemoteFiles.MoreIpMe, RemoteFiles.NotIpMe,
        RemoteFiles.Mxps,
        RemoteFiles.TlsReports,
        .. TlsClientSettings.Files,
    ];

    /// <exception cref="Base.ConfigurationException">A file cannot be read or parsed, or there is
    /// neither helohost nor me.</exception>
    public static RemoteSettings Read(ControlDirectory control)
    {
        byte[] helo = control.ReadLineOrDefault(RemoteFiles.HeloHost)
            ?? throw control.Bad(RemoteFiles.HeloHost, "this file and me are missing");
        if (helo.AsSpan().ContainsAnyInRange((byte)0, (byte)32))
        {
            throw control.Bad(
                RemoteFiles.HeloHost, "a host name has no blanks or control characters");
        }

        if (control.ReadWhole(RemoteFiles.OpenAuthSenders) is not null)
        {
            throw control.Bad(RemoteFiles.OpenAuthSenders, "logins are not read here: move them "
                + $"to {AuthFiles.AuthSenders}, which others cannot read");
        }

        PrivateDirectory secrets = PrivateDirectory.Beside(control);
        return new RemoteSettings
        {
            HeloHost = helo,
            Routes = SmtpRoutes.Read(control, secrets),
            Lmtp = LmtpRoutes.Read(control),
            Senders = AuthSenders.Read(secrets),
            Secrets = secrets,
            ConnectTimeout = TimeSpan.FromSeconds(
                Math.Max(1, control.ReadInt(RemoteFiles.TimeoutConnect))),
            RemoteTimeout = TimeSpan.FromSeconds(
                Math.Max(1, control.ReadInt(RemoteFiles.TimeoutRemote))),
            IdleTimeout = control.ReadSeconds(RemoteFiles.TimeoutIdle),
            Rules = DestinationRules.Read(control),
            Replies = ReplyRules.Read(control),
            UsesMxps = control.ReadInt(RemoteFiles.Mxps) > 0,
            Own = OwnAddressLists.Read(control),
            Sources = SourceRules.Read(control),
            HeloHosts = HeloHosts.Read(control),
            Tls = TlsClientSettings.Read(control),
            ReportsTls = control.ReadLine(RemoteFiles.TlsReports) is { Length: > 0 },
        };
    }
}

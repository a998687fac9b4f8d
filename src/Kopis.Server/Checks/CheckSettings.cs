using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication.Results;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;

namespace Kopis.Server.Checks;

/// <summary>The control files about checks.</summary>
internal sealed class CheckSettings
{
    /// <summary>The files.</summary>
    internal static readonly ControlFile[] Files =
    [
        CheckFiles.Helo, CheckFiles.HeloSelf, CheckFiles.Spf, CheckFiles.Dkim, CheckFiles.Dmarc,
        CheckFiles.ReverseName, CheckFiles.Exempt, CheckFiles.Loopback, CheckFiles.AuthServId,
        CheckFiles.Reports, HostFiles.Me, HostFiles.Resolvers, SmtpFiles.SmtpGreeting,
    ];

    private readonly NetworkList _exempt;
    private readonly bool _ofLoopback;

    private CheckSettings(ControlDirectory control, IMailDns dns)
    {
        Helo = Read(control, CheckFiles.Helo);
        HeloSelf = Read(control, CheckFiles.HeloSelf);
        Spf = Read(control, CheckFiles.Spf);
        Dkim = Read(control, CheckFiles.Dkim);
        Dmarc = Read(control, CheckFiles.Dmarc, withPolicy: true);
        ReverseName = Read(control, CheckFiles.ReverseName);
        _exempt = NetworkList.Load(control, CheckFiles.Exempt);
        _ofLoopback = control.ReadInt(CheckFiles.Loopback) != 0;
        Reports = ReportSettings.Read(control, CheckFiles.Reports);
        Server = ByteText.ToText(control.ReadLineOrDefault(CheckFiles.AuthServId) ?? []);
        string me = ByteText.ToText(control.ReadLine(HostFiles.Me) ?? []);
        Names = ForgedResultsFilter.Names(me.Length > 0 && me != Server ? [Server, me] : [Server]);
        string greeting =
            ByteText.ToText(control.ReadLineOrDefault(SmtpFiles.SmtpGreeting) ?? []);
        HeloNames = [.. ((string[])[me, greeting.Split(' ')[0], "localhost"])
            .Where(name => name.Length > 0)];
        Dns = dns;
    }

    internal CheckAction Helo { get; }

    internal CheckAction HeloSelf { get; }

    /// <summary>Names that no other host may use in HELO.</summary>
    internal IReadOnlyList<string> HeloNames { get; }

    internal CheckAction Spf { get; }

    internal CheckAction Dkim { get; }

    internal CheckAction Dmarc { get; }

    internal CheckAction ReverseName { get; }

    /// <summary>Settings of DMARC reports; null: there are none.</summary>
    internal ReportSettings? Reports { get; }

    /// <summary>Our authserv-id (RFC 8601 §2.5).</summary>
    internal string Server { get; }

    /// <summary>Our authserv-id and the host's name. Nobody else may write results in these names.
    /// </summary>
    internal IReadOnlySet<string> Names { get; }

    internal IMailDns Dns { get; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    internal static CheckSettings Load(ControlDirectory control, Func<IMailDns> dns) =>
        new(control, dns());

    /// <summary>Whether a stranger's mail from this address is checked at all.</summary>
    internal bool AppliesTo(IPAddress client) =>
        (Helo, HeloSelf, Spf, Dkim, Dmarc, ReverseName) != default && !IsLocal(client);

    /// <summary>Whether a message may be refused for its results.</summary>
    internal bool MayRefuse => Spf > CheckAction.Tag || Dkim > CheckAction.Tag
        || Dmarc > CheckAction.Tag || ReverseName > CheckAction.Tag;

    /// <summary>Whether a client's mail is never refused for its results.</summary>
    internal bool IsExempt(IPAddress client) => _exempt.Contains(client);

    /// <summary>Whether the client is this host, and is trusted as such.</summary>
    internal bool IsLocal(IPAddress client) => !_ofLoopback
        && IPAddress.IsLoopback(PlainAddress.Of(client));

    private static CheckAction Read(
        ControlDirectory control, ControlLine file, bool withPolicy = false) =>
        ByteText.ToText(control.ReadLineOrDefault(file) ?? []) switch
        {
            "off" => CheckAction.Off,
            "tag" => CheckAction.Tag,
            "policy" when withPolicy => CheckAction.Policy,
            "defer" => CheckAction.Defer,
            "reject" => CheckAction.Reject,
            _ => throw control.Bad(file, $"must be {file.Line}"),
        };
}

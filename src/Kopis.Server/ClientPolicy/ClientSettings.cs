using Kopis.Base;
using Kopis.Config;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>The control files about clients, and what is needed to keep to them.</summary>
internal sealed class ClientSettings
{
    /// <summary>The files.</summary>
    internal static readonly string[] Files =
    [
        "dnslists", "dnslistreject", "dnslistdefer", "dnslisttag", "dnslisttimeout", "clientname",
        "greetdelay", "tarpitcount", "tarpitdelay", "resolvers",
    ];

    /// <summary>The files of <see cref="LoadLimits"/>.</summary>
    internal static readonly string[] LimitFiles =
        ["clientlimits", "submissionrate", "submissionrecipients"];

    private const int MessagesOfUser = 300; // A stolen password sends no more, an office does not.
    private const int RecipientsOfUser = 2000;
    private const int DnsListTimeoutSeconds = 5;
    private const int DnsListTimeoutSecondsMost = 60;
    private const int GreetDelaySecondsMost = 60; // Clients give 300 (RFC 5321 §4.5.3.2).
    private const int TarpitDelaySeconds = 5;
    private const int TarpitDelaySecondsMost = 120;

    private ClientSettings(ControlDirectory control)
    {
        Reject = control.ReadInt("dnslistreject", 1);
        Defer = control.ReadInt("dnslistdefer", 0);
        Tag = control.ReadInt("dnslisttag", 0);
        NameRule = ReadNameRule(control);
        GreetDelay = Seconds(control, "greetdelay", 0, GreetDelaySecondsMost);
        TarpitCount = control.ReadInt("tarpitcount", 0);
        TarpitDelay =
            Seconds(control, "tarpitdelay", TarpitDelaySeconds, TarpitDelaySecondsMost);
    }

    /// <summary>Score from which no mail is taken; 0 for never, as in the next two.</summary>
    internal int Reject { get; }

    /// <summary>Score from which mail is put off.</summary>
    internal int Defer { get; }

    /// <summary>Score from which mail is marked.</summary>
    internal int Tag { get; }

    internal NameRule NameRule { get; }

    internal TimeSpan GreetDelay { get; }

    /// <summary>So many recipients and errors of a session are answered at once; 0: all.</summary>
    internal int TarpitCount { get; }

    internal TimeSpan TarpitDelay { get; }

    /// <summary>What the lists say; null where there are none.</summary>
    internal AskedLately<Listing>? Lists { get; private init; }

    /// <summary>Whether names are proven; null where that does not matter.</summary>
    internal AskedLately<NameProof>? Names { get; private init; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">One cannot be understood.</exception>
    internal static ClientSettings Load(
        ControlDirectory control, Func<IMailDns> dns, TimeProvider time, Action<string> log)
    {
        List<DnsListRule> rules = [];
        foreach (byte[] line in control.ReadList("dnslists") ?? [])
        {
            rules.Add(DnsListRule.TryParse(line) ?? throw control.Bad(
                "dnslists", $"\"{LogText.Safe(line)}\" is not zone:weight:codes:families"));
        }

        TimeSpan timeout =
            Seconds(control, "dnslisttimeout", DnsListTimeoutSeconds, DnsListTimeoutSecondsMost);
        bool asksNames = ReadNameRule(control) != NameRule.None;
        IMailDns? who = rules.Count > 0 || asksNames ? dns() : null;
        return new ClientSettings(control)
        {
            Lists = rules.Count == 0 ? null : new AskedLately<Listing>(
                new ListingCheck(
                    [.. rules.Select(rule => new WatchedList(rule, who!, time, log))],
                    timeout, time).AskAsync,
                listing => listing.IsWhole, time),
            Names = !asksNames ? null : new AskedLately<NameProof>(
                new NameCheck(who!, timeout, time).AskAsync,
                proof => proof != NameProof.Unknown, time),
        };
    }

    /// <summary>Reads <c>clientlimits</c>, and what users may send within an hour.</summary>
    /// <exception cref="ConfigurationException">A line cannot be understood.</exception>
    internal static UseTables LoadLimits(ControlDirectory control, TimeProvider time)
    {
        List<ClientLimit> limits =
        [
            .. HourlyOfUser(control, LimitFiles[1], MessagesOfUser, LimitSubject.Messages),
            .. HourlyOfUser(control, LimitFiles[2], RecipientsOfUser, LimitSubject.Recipients),
        ];
        foreach (byte[] line in control.ReadList("clientlimits") ?? [])
        {
            limits.Add(ClientLimit.TryParse(line) ?? throw control.Bad(
                "clientlimits", $"\"{LogText.Safe(line)}\" is not subject:scope:count/seconds"));
        }

        return new UseTables(limits, time);
    }

    // None where the file says 0.
    private static IEnumerable<ClientLimit> HourlyOfUser(
        ControlDirectory control, string file, int otherwise, LimitSubject subject) =>
        control.ReadInt(file, otherwise) is > 0 and int most
            ? [new ClientLimit(subject, LimitScope.User, most, TimeSpan.FromHours(1))]
            : [];

    private static TimeSpan Seconds(
        ControlDirectory control, string name, int otherwise, int most) =>
        TimeSpan.FromSeconds(control.ReadInt(name, otherwise, most: most));

    private static NameRule ReadNameRule(ControlDirectory control) =>
        ByteText.ToText(control.ReadLine("clientname") ?? []) switch
        {
            "" => NameRule.None,
            "tag" => NameRule.Tag,
            "defer" => NameRule.Defer,
            "require" => NameRule.Require,
            _ => throw control.Bad("clientname", "neither tag, defer nor require"),
        };
}

using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>The control files about clients, with the objects that apply them.</summary>
internal sealed class ClientSettings
{
    /// <summary>The files.</summary>
    internal static readonly ControlFile[] Files =
    [
        ClientFiles.DnsLists, ClientFiles.DnsListReject, ClientFiles.DnsListDefer,
        ClientFiles.DnsListTag, ClientFiles.DnsListTimeout, ClientFiles.ClientName,
        ClientFiles.GreetDelay, ClientFiles.TarpitCount, ClientFiles.TarpitDelay,
        HostFiles.Resolvers,
    ];

    /// <summary>The files of <see cref="LoadLimits"/>.</summary>
    internal static readonly ControlFile[] LimitFiles =
    [
        ClientFiles.ClientLimits, ClientFiles.SubmissionRate, ClientFiles.SubmissionRecipients,
    ];

    private ClientSettings(ControlDirectory control)
    {
        Reject = control.ReadInt(ClientFiles.DnsListReject);
        Defer = control.ReadInt(ClientFiles.DnsListDefer);
        Tag = control.ReadInt(ClientFiles.DnsListTag);
        NameRule = ReadNameRule(control);
        GreetDelay = control.ReadSeconds(ClientFiles.GreetDelay);
        TarpitCount = control.ReadInt(ClientFiles.TarpitCount);
        TarpitDelay = control.ReadSeconds(ClientFiles.TarpitDelay);
    }

    /// <summary>The score from which mail is refused. 0: never; the same in the next two.</summary>
    internal int Reject { get; }

    /// <summary>The score from which mail is deferred.</summary>
    internal int Defer { get; }

    /// <summary>The score from which mail is marked.</summary>
    internal int Tag { get; }

    internal NameRule NameRule { get; }

    internal TimeSpan GreetDelay { get; }

    /// <summary>How many recipients and errors of a session get their replies without delay; 0:
    /// all.</summary>
    internal int TarpitCount { get; }

    internal TimeSpan TarpitDelay { get; }

    /// <summary>The answers of DNS lists; null if there are none.</summary>
    internal ExpiringCache<Listing>? Lists { get; private init; }

    /// <summary>Whether clients' names are proven; null if that does not matter.</summary>
    internal ExpiringCache<NameProof>? Names { get; private init; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">One cannot be parsed.</exception>
    internal static ClientSettings Load(
        ControlDirectory control, Func<IMailDns> dns, TimeProvider time, Action<string> log)
    {
        List<DnsListRule> rules = [];
        IReadOnlyList<string> faults = control.ReadEach(
            ClientFiles.DnsLists, line => TryAdd(rules, DnsListRule.TryParse(line)),
            "zone:weight:codes:families") ?? [];

        TimeSpan timeout = control.ReadSeconds(ClientFiles.DnsListTimeout);
        bool asksNames = ReadNameRule(control) != NameRule.None;
        IMailDns? who = rules.Count > 0 || asksNames ? dns() : null;
        return new ClientSettings(control)
        {
            Lists = rules.Count == 0 ? null : new ExpiringCache<Listing>(
                new ListingCheck(
                    [.. rules.Select(rule => new DnsList(rule, who!, time, log))],
                    faults.Count > 0, timeout, time).AskAsync,
                listing => listing.IsWhole, time),
            Names = !asksNames ? null : new ExpiringCache<NameProof>(
                new NameCheck(who!, timeout, time).AskAsync,
                proof => proof != NameProof.Unknown, time),
        };
    }

    /// <summary>Reads <c>clientlimits</c>, and the hourly limits of users.</summary>
    /// <exception cref="ConfigurationException">A file cannot be read, or a number is not valid.
    /// </exception>
    internal static UseTables LoadLimits(ControlDirectory control, TimeProvider time)
    {
        List<ClientLimit> limits =
        [
            .. HourlyOfUser(control, ClientFiles.SubmissionRate, LimitSubject.Messages),
            .. HourlyOfUser(
                control, ClientFiles.SubmissionRecipients, LimitSubject.Recipients),
        ];

        // A faulty line refuses no client: the other limits and the defaults still apply.
        _ = control.ReadEach(
            ClientFiles.ClientLimits, line => TryAdd(limits, ClientLimit.TryParse(line)),
            "subject:scope:count/seconds");
        return new UseTables(limits, time);
    }

    private static bool TryAdd<T>(List<T> list, T? entry)
        where T : class
    {
        if (entry is not null)
        {
            list.Add(entry);
        }

        return entry is not null;
    }

    // No limit if the file says 0.
    private static IEnumerable<ClientLimit> HourlyOfUser(
        ControlDirectory control, ControlNumber file, LimitSubject subject) =>
        control.ReadInt(file) is > 0 and int most
            ? [new ClientLimit(subject, LimitScope.User, most, TimeSpan.FromHours(1))]
            : [];

    private static NameRule ReadNameRule(ControlDirectory control) =>
        ByteText.ToText(control.ReadLine(ClientFiles.ClientName) ?? []) switch
        {
            "" => NameRule.None,
            "tag" => NameRule.Tag,
            "defer" => NameRule.Defer,
            "require" => NameRule.Require,
            _ => throw control.Bad(ClientFiles.ClientName, "neither tag, defer nor require"),
        };
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Remote.Sources;

/// <summary>Chooses the address of this host that one message to one domain is sent from.</summary>
internal sealed class SourceChoice
{
    private readonly List<SourceRule> _fitting = []; // Up to the first that matches any server.
    private readonly byte[] _seed;

    /// <param name="rules">The lines of the file.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="host">The recipients' domain.</param>
    internal SourceChoice(SourceRules rules, byte[] sender, byte[] host)
    {
        if (rules.All.Count == 0)
        {
            _seed = [];
            return;
        }

        string from = ByteText.ToText(Ascii8.ToLower(sender));
        string fromDomain = new TextAddress(from).Domain.ToString();
        string domain = TargetFinder.NameOf(host).ToLowerInvariant();
        _seed = ByteText.ToBytes($"{from}\n{domain}");
        foreach (SourceRule rule in rules.All)
        {
            bool isForAny = rule.Kind switch
            {
                SourceKind.Recipient => rule.Fits(domain),
                SourceKind.Sender => rule.Fits(
                    rule.Name.Contains('@', StringComparison.Ordinal) ? from : fromDomain),
                _ => false,
            };
            if (isForAny || rule.Kind == SourceKind.Server)
            {
                _fitting.Add(rule);
            }

            if (isForAny)
            {
                Key = " from " + rule.Place.ToString(CultureInfo.InvariantCulture);
                break;
            }
        }
    }

    /// <summary>A part of the keys of connections: mail that other lines match does not share them.
    /// </summary>
    internal string Key { get; } = "";

    /// <summary>Why this mail waits whichever server it goes to; null: it does not.</summary>
    internal string? Fault => _fitting.Find(
        rule => rule.Kind != SourceKind.Server && rule.Fault is not null)?.Fault;

    /// <summary>The line for a server; null: the system chooses.</summary>
    /// <param name="server">The server's name, or its address if it has none.</param>
    internal SourceRule? Find(string server) => _fitting.Find(
        rule => rule.Kind != SourceKind.Server || rule.Fits(server.ToLowerInvariant()));

    /// <summary>The addresses of a line in the order of trying. The order is the same each time for
    /// the same sender and domain, as greylisting needs; rested addresses come last.</summary>
    /// <param name="rule">The line.</param>
    /// <param name="family">The family of the server's address.</param>
    /// <param name="destination">The destination.</param>
    /// <param name="rests">Knows which addresses are rested.</param>
    internal IReadOnlyList<IPAddress> Order(
        SourceRule rule, AddressFamily family, string destination, SourceRests rests) =>
    [
        .. rule.Addresses.Where(one => one.AddressFamily == family)
            .OrderBy(one => rests.Until(destination, one))
            .ThenBy(one => Crc32C.Of([.. one.GetAddressBytes(), .. _seed])),
    ];

    /// <summary>Whether a connection comes from the address that a new one would try first.
    /// </summary>
    internal bool Fits(SmtpLink link, SourceRests rests) =>
        link.Source is not { } source
        || Find(link.Host.Length > 0 ? link.Host : link.Ip) is not { } rule
        || (Order(rule, source.AddressFamily, link.Destination, rests) is [var first, ..]
            && source.Equals(first));

    /// <summary>Whether this mail may go to a server from an address that is not rested.</summary>
    internal bool HasOther(AttemptServer server, AddressFamily family, SourceRests rests) =>
        Find(server.Host.Length > 0 ? server.Host : server.Address) is { } rule
        && rule.Addresses.Any(one => one.AddressFamily == family
            && rests.Until(server.Destination, one) == 0);
}

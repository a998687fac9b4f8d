using System.Net;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Spf;

/// <summary>What SPF checks: one identity of a client (RFC 7208 §2).</summary>
/// <param name="Address">The client's address; an IPv4 address mapped to IPv6 counts as IPv4.
/// </param>
/// <param name="Domain">The domain whose record decides, as it was given; it may not be a domain.
/// </param>
/// <param name="Sender">The whole address of the sender, for macros.</param>
/// <param name="Helo">The client's name in HELO.</param>
public sealed record SpfRequest(IPAddress Address, string Domain, string Sender, string Helo)
{
    /// <summary>Whether it is the HELO name that is checked.</summary>
    public bool IsHelo { get; private init; }

    /// <summary>Our own name, for explanations.</summary>
    public string Receiver { get; init; } = "unknown";

    /// <summary>The time, for explanations.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>The identity of MAIL FROM (§2.4); of an empty one, postmaster at the HELO name.
    /// </summary>
    /// <param name="address">The client's address.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="helo">The client's name in HELO.</param>
    public static SpfRequest OfMailFrom(
        IPAddress address, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> helo)
    {
        if (sender.IsEmpty)
        {
            return OfHelo(address, helo);
        }

        Address parts = new(sender);
        string domain = NameOf(parts.DomainOrAll);
        string local = parts.HasAt && !parts.Local.IsEmpty
            ? ByteText.ToText(parts.Local) : "postmaster"; // §4.3
        return new SpfRequest(address, domain, local + "@" + domain, NameOf(helo));
    }

    /// <summary>The identity of HELO (§2.3).</summary>
    /// <param name="address">The client's address.</param>
    /// <param name="helo">The client's name in HELO.</param>
    public static SpfRequest OfHelo(IPAddress address, ReadOnlySpan<byte> helo)
    {
        string name = NameOf(helo);
        return new SpfRequest(address, name, "postmaster@" + name, name) { IsHelo = true };
    }

    /// <summary>Converts U-labels to A-labels (RFC 8616 §4). Text that is not a name is returned
    /// unchanged.</summary>
    private static string NameOf(ReadOnlySpan<byte> name) =>
        name.ContainsAnyExceptInRange((byte)0, (byte)127)
            ? DomainText.Normalize(name) ?? ByteText.ToText(name)
            : ByteText.ToText(name);
}

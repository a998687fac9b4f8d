using System.Text;

namespace Kopis.Queue.Spawn;

/// <summary>Whose local deliveries count together where users share places.</summary>
public static class MailUserName
{
    /// <summary>
    /// The user of a local address: what is before the first hyphen, in lower case, whatever the
    /// domain. All extensions are one user's, and so are those that virtualdomains gives to it. At
    /// worst users with a common beginning share their places.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> address)
    {
        int at = address.LastIndexOf((byte)'@');
        ReadOnlySpan<byte> local = at < 0 ? address : address[..at];
        int hyphen = local.IndexOf((byte)'-');
        return Encoding.Latin1.GetString(hyphen <= 0 ? local : local[..hyphen])
            .ToLowerInvariant();
    }
}

using System.Text;
using Kopis.Base;

namespace Kopis.Queue.Spawn;

/// <summary>The user that a local delivery counts against when users share slots.</summary>
public static class MailUserName
{
    /// <summary>The user of a local address: what is before the first hyphen, in lower case, in any
    /// domain. All extensions belong to one user, and so do those that virtualdomains gives to the
    /// user. At worst, users whose names begin alike share their slots.</summary>
    public static string Of(ReadOnlySpan<byte> address)
    {
        ReadOnlySpan<byte> local = new Address(address).Local;
        int hyphen = local.IndexOf((byte)'-');
        return Encoding.Latin1.GetString(hyphen <= 0 ? local : local[..hyphen])
            .ToLowerInvariant();
    }
}

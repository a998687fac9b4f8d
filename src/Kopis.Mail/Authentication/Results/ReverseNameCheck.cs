using System.Net;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Results;

/// <summary>Whether a client's address has a name that leads back to it (iprev, RFC 8601 §2.7.3,
/// §3).</summary>
/// <param name="Result">Pass, Fail, TempError or PermError.</param>
/// <param name="Address">The client's address.</param>
/// <param name="Name">The name that is proved, normalized; null if none is.</param>
public sealed record ReverseNameCheck(AuthenticationResult Result, IPAddress Address, string? Name)
{
    /// <summary>How many names of an address are checked (as in RFC 7208 §4.6.4).</summary>
    public const int NamesMax = 10;

    /// <summary>Checks an address, with at most 11 questions.</summary>
    public static async Task<ReverseNameCheck> CheckAsync(
        IAuthenticationDns dns, IPAddress address, CancellationToken stop)
    {
        address = PlainAddress.Of(address);
        bool isIPv6 = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        DnsRecords<string> names = await dns.FindNamesAsync(address, stop);
        if (names.Outcome != DnsOutcome.Found)
        {
            // §2.7.3: without a name there is nothing to compare with.
            return new ReverseNameCheck(
                names.Outcome == DnsOutcome.Temporary
                    ? AuthenticationResult.TempError
                    : AuthenticationResult.PermError,
                address,
                null);
        }

        bool isUnsure = false;
        foreach (string text in names.Records.Take(NamesMax))
        {
            if (DomainText.Normalize(text) is not { } name)
            {
                continue;
            }

            DnsRecords<IPAddress> found = await dns.FindAddressesAsync(name, isIPv6, stop);
            if (found.Records.Contains(address))
            {
                return new ReverseNameCheck(AuthenticationResult.Pass, address, name);
            }

            isUnsure |= found.Outcome == DnsOutcome.Temporary;
        }

        return new ReverseNameCheck(
            isUnsure ? AuthenticationResult.TempError : AuthenticationResult.Fail, address, null);
    }
}

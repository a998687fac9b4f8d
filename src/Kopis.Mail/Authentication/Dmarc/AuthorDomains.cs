using Kopis.Base;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Authentication.Dmarc;

/// <summary>Whom a message says it is from (RFC 9989 §5.3.1): the domains of its From.</summary>
/// <param name="Domains">The domains, normalized, each once; at most
/// <see cref="DomainsMax"/> and one.</param>
/// <param name="Fields">How many From fields there are: one, in mail that is right.</param>
/// <param name="IsUnclear">Whether something in them is not to be understood.</param>
public sealed record AuthorDomains(IReadOnlyList<string> Domains, int Fields, bool IsUnclear)
{
    /// <summary>More domains than that are not checked.</summary>
    public const int DomainsMax = 4;

    private const int FieldsReadMax = 4;
    private const int FieldBytesMax = 4096; // 50 addresses with names.

    // What would be completed gets nothing, and so is no domain, or is the label alone.
    private static readonly AddressDefaults NoDefaults = new([], [], []);

    /// <summary>Whether there is not exactly one field with one domain.</summary>
    public bool IsAmbiguous => Fields > 1 || Domains.Count > 1 || IsUnclear;

    /// <summary>Reads the From fields of a header.</summary>
    public static AuthorDomains Of(MessageHeader header)
    {
        List<string> domains = [];
        int fields = 0;
        bool isUnclear = false;
        foreach (HeaderField field in header.Find("From"u8.ToArray()))
        {
            if (++fields > FieldsReadMax)
            {
                continue;
            }

            ReadOnlySpan<byte> value = field.Value;
            if (value.Length > FieldBytesMax)
            {
                isUnclear = true;
                continue;
            }

            AddressList list = AddressList.Read(value, NoDefaults);
            isUnclear |= list.IsUnclear;
            foreach (byte[] address in list.Addresses)
            {
                if (DomainText.Normalize(new Address(address).Domain) is { } domain
                    && !domains.Contains(domain) && domains.Count <= DomainsMax)
                {
                    domains.Add(domain);
                }
            }
        }

        return new AuthorDomains(domains, fields, isUnclear);
    }
}

using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Net.Dns;

/// <summary>Finds the addresses of a host on a command line. If DNSCACHEIP or
/// <c>control/resolvers</c> names resolvers, they are asked after /etc/hosts; otherwise the C
/// library is asked.</summary>
public static class HostAddresses
{
    private const int FileBytesMax = 16 * 1024 * 1024;
    private static readonly char[] Blanks = [' ', '\t'];

    /// <summary>Parses <c>1.2.3.4</c>, <c>[1.2.3.4]</c> or an IPv6 address; else null.</summary>
    public static IPAddress? Literal(string host)
    {
        string inner = host is ['[', .., ']'] ? host[1..^1] : host;

        // .NET also accepts 127.1, 0x7f.1 and 0177.0.0.1. Here they are names, as in DNS.
        return IPAddress.TryParse(inner, out IPAddress? address)
            && (inner.Contains(':') || address.ToString() == inner)
            ? address : null;
    }

    /// <summary>All addresses, IPv4 first.</summary>
    /// <exception cref="ConfigurationException">DNS has no address, or no answer.</exception>
    public static IPAddress[] Find(ProgramContext context, string host)
    {
        if (Literal(host) is { } literal)
        {
            return [literal];
        }

        bool isNamed = context.Environment["DNSCACHEIP"] is { Length: > 0 }
            || ControlDirectory.Of(context).ReadList(HostFiles.Resolvers) is { Count: > 0 };
        IPAddress[] found = !isNamed ? AskLibrary(host)
            : InHostsFile(host) is { Length: > 0 } known ? known
            : Ask(MailDns.Read(context), context, host);
        return found.Length > 0
            ? [.. found.OrderBy(address => address.AddressFamily != AddressFamily.InterNetwork)]
            : throw new ConfigurationException($"no IP address for {host}");
    }

    private static IPAddress[] AskLibrary(string host)
    {
        try
        {
            return System.Net.Dns.GetHostAddresses(host);
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.TryAgain)
        {
            return [];
        }
        catch (SocketException e)
        {
            throw Temporarily(host, e);
        }
        catch (ArgumentException)
        {
            return []; // No name can be like that.
        }
    }

    private static IPAddress[] InHostsFile(string host) =>
        [.. BoundedFile.Lines("/etc/hosts", FileBytesMax)
            .Select(line => line.Split('#')[0].Split(
                Blanks, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Skip(1).Contains(host, StringComparer.OrdinalIgnoreCase))
            .Select(words => IPAddress.TryParse(words[0], out IPAddress? address) ? address : null)
            .OfType<IPAddress>()];

    private static IPAddress[] Ask(MailDns dns, ProgramContext context, string host)
    {
        foreach (string name in Qualified(context, host))
        {
            DnsAnswer<IPAddress> answer =
                dns.FindAddressesAsync(name, CancellationToken.None).GetAwaiter().GetResult();
            if (answer.Status == DnsStatus.TryAgain)
            {
                throw Temporarily(host, inner: null);
            }

            if (answer.Records.Count > 0)
            {
                return [.. answer.Records];
            }
        }

        return [];
    }

    /// <summary>The full names to ask for. A name without a dot is looked up in the host's own
    /// domains: in LOCALDOMAIN, or in the search list of resolv.conf. A dot at the end means that
    /// the name is complete.</summary>
    private static IEnumerable<string> Qualified(ProgramContext context, string host)
    {
        if (host.EndsWith('.'))
        {
            return [host[..^1]];
        }

        IEnumerable<string> domains = host.Contains('.', StringComparison.Ordinal) ? []
            : context.Environment.Text("LOCALDOMAIN")?.Split(
                Blanks, StringSplitOptions.RemoveEmptyEntries)
            ?? BoundedFile.Lines("/etc/resolv.conf", FileBytesMax)
                .Select(line => line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries))
                .LastOrDefault(words => words is ["search" or "domain", _, ..])?.Skip(1)
            ?? [];
        return [.. domains.Select(domain => $"{host}.{domain.Trim('.')}"), host];
    }

    private static ConfigurationException Temporarily(string host, Exception? inner)
    {
        string text = $"temporarily unable to figure out IP address for {host}: "
            + ErrorText.Of(Errno.Again);
        return inner is null
            ? new ConfigurationException(text) : new ConfigurationException(text, inner);
    }
}

using System.Net;
using Kopis.Base;
using Kopis.Net.Dns;

namespace Kopis.Net.Listener;

/// <summary>Finds out who is at the ends of a connection: names by DNS, the user by ident (contract
/// §12.1). All questions run at once, each with a time limit, and only this connection waits for
/// them.</summary>
public sealed class PeerLookup(IMailDns dns)
{
    // The limit for all names and resolvers: a resolver that does not answer delays a client no
    // longer.
    private static readonly TimeSpan NamesTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Asks the requested questions.</summary>
    /// <param name="local">Our end.</param>
    /// <param name="remote">The peer's end.</param>
    /// <param name="want">The questions.</param>
    /// <param name="stop">Ends the wait with an exception.</param>
    public async Task<PeerFacts> FindAsync(
        IPEndPoint local, IPEndPoint remote, PeerQuestions want, CancellationToken stop)
    {
        if (want is { Names: false, Info: false })
        {
            return default;
        }

        Task<byte[]?> info = want.Info
            ? Ident.AskAsync(local, remote, want.InfoTimeout, stop)
            : Task.FromResult<byte[]?>(null);
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(NamesTimeout);
        Task<byte[]?> here = want is { Names: true, LocalIsKnown: false }
            ? InTimeAsync(NameAsync(local.Address, provenOnly: false, limit.Token), stop)
            : Task.FromResult<byte[]?>(null);
        Task<byte[]?> there = want.Names
            ? InTimeAsync(NameAsync(remote.Address, want.Paranoid, limit.Token), stop)
            : Task.FromResult<byte[]?>(null);
        return new PeerFacts(await here, await there, await info);
    }

    private static async Task<byte[]?> InTimeAsync(Task<byte[]?> name, CancellationToken stop)
    {
        try
        {
            return await name;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<byte[]?> NameAsync(
        IPAddress address, bool provenOnly, CancellationToken stop)
    {
        DnsAnswer<string> names = await dns.FindNamesAsync(address, stop);
        if (names.Records.Count == 0)
        {
            return null;
        }

        // DNS ignores case; rules and logs do not.
        byte[] name = Ascii8.ToLower(ByteText.ToBytes(names.Records[0]));
        if (!provenOnly)
        {
            return name;
        }

        // Anybody may claim any name for an address, so the name must resolve to the address.
        DnsAnswer<IPAddress> back = await dns.FindAddressesAsync(names.Records[0], stop);
        return back.Records.Contains(address) ? name : null;
    }
}

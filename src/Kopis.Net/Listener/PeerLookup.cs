using System.Net;
using Kopis.Base;
using Kopis.Net.Dns;

namespace Kopis.Net.Listener;

/// <summary>
/// Finds out who is at the ends of a connection: names by DNS, the user by ident (contract §12.1).
/// All at once, each within its time: only the connection itself waits.
/// </summary>
public sealed class PeerLookup(IMailDns dns)
{
    // A resolver that does not answer keeps a client this long, however many there are to ask.
    private static readonly TimeSpan NamesTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Asks what is to be asked.</summary>
    /// <param name="local">Our end.</param>
    /// <param name="remote">The peer's end.</param>
    /// <param name="want">Which questions.</param>
    /// <param name="stop">Ends the wait, by an exception.</param>
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

        // DNS has no case; rules and logs do.
        byte[] name = Ascii8.ToLower(ByteText.ToBytes(names.Records[0]));
        if (!provenOnly)
        {
            return name;
        }

        // Anyone may claim any name for an address of his; the name must know the address too.
        DnsAnswer<IPAddress> back = await dns.FindAddressesAsync(names.Records[0], stop);
        return back.Records.Contains(address) ? name : null;
    }
}

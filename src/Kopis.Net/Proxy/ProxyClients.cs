using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Net.Proxy;

/// <summary>The proxies of <c>control/proxyclients</c>. Each of their connections must begin with
/// the address of the client (see <see cref="ProxyHeader"/>). All that is then done for the
/// connection, including rules and limits, is done for that client. From all others, such a line is
/// an ordinary command.</summary>
internal sealed class ProxyClients
{
    /// <summary>How long a proxy may take. It knows the address when it connects.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Reloading<NetworkList> _list;
    private readonly Action<string> _log;

    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    internal ProxyClients(ControlDirectory control, Action<string> log)
    {
        _list = new Reloading<NetworkList>(
            control.Watched([ListenerFiles.ProxyClients]),
            () => NetworkList.Load(control, ListenerFiles.ProxyClients), TimeProvider.System);
        _log = log;
        _ = _list.Current();
    }

    /// <summary>Finds the client of a connection, and the address that it connected to.</summary>
    /// <returns>Null if the connection cannot be used.</returns>
    internal async ValueTask<ProxyEnds?> ReadAsync(
        Socket socket, IPEndPoint remote, IPEndPoint local, CancellationToken stop)
    {
        ProxyEnds own = new(remote, local);
        try
        {
            NetworkList proxies = _list.Current();
            if (proxies.IsEmpty || !proxies.ContainsSurely(remote.Address))
            {
                return own;
            }

            using CancellationTokenSource late =
                CancellationTokenSource.CreateLinkedTokenSource(stop);
            late.CancelAfter(Patience);
            (bool sound, ProxyEnds? told) = await ReadHeaderAsync(socket, late.Token);
            if (!sound)
            {
                _log($"dropping connection, no PROXY header from {remote.Address}");
            }

            return !sound ? null : told is null ? own : Plain(told);
        }
        catch (ConfigurationException e)
        {
            _log($"dropping connection, {e.Message}");
            return null;
        }
        catch (OperationCanceledException)
        {
            _log($"dropping connection, no PROXY header in time from {remote.Address}");
            return null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    // Reads no byte after the header: the rest may be for another program.
    private static async ValueTask<(bool Sound, ProxyEnds? Ends)> ReadHeaderAsync(
        Socket socket, CancellationToken stop)
    {
        byte[] header = new byte[ProxyHeader.FixedBytes + ProxyHeader.RestBytesMax];
        if (!await TryFillAsync(socket, header.AsMemory(0, ProxyHeader.FirstBytes), stop))
        {
            return (false, null);
        }

        int length = ProxyHeader.FirstBytes;
        if (ProxyHeader.IsVersion1(header))
        {
            while (header[length - 1] != (byte)'\n')
            {
                if (length == ProxyHeader.LineBytesMax
                    || !await TryFillAsync(socket, header.AsMemory(length++, 1), stop))
                {
                    return (false, null);
                }
            }

            return (ProxyHeader.TryParseLine(header.AsSpan(0, length), out ProxyEnds? line), line);
        }

        if (!ProxyHeader.IsVersion2(header)
            || !await TryFillAsync(socket, header.AsMemory(length++, 1), stop)
            || ProxyHeader.RestOf(header) is not { } rest
            || !await TryFillAsync(socket, header.AsMemory(length, rest), stop))
        {
            return (false, null);
        }

        length += rest;
        return (ProxyHeader.TryParseBinary(header.AsSpan(0, length), out ProxyEnds? ends), ends);
    }

    private static async ValueTask<bool> TryFillAsync(
        Socket socket, Memory<byte> to, CancellationToken stop)
    {
        while (!to.IsEmpty)
        {
            int got = await socket.ReceiveAsync(to, SocketFlags.None, stop);
            if (got == 0)
            {
                return false;
            }

            to = to[got..];
        }

        return true;
    }

    private static ProxyEnds Plain(ProxyEnds ends) =>
        new(PlainAddress.Of(ends.Remote), PlainAddress.Of(ends.Local));
}

using System.Net;
using System.Net.Sockets;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Remote.Sources;

namespace Kopis.Remote;

/// <summary>Connects to the addresses of a destination, from the address of this host that control
/// files name. If a host has addresses of both families and the first has not answered within 250
/// ms, an address of the other family is tried as well, and the first connection is used (RFC 8305
/// §5, with two attempts at once at most).</summary>
/// <param name="settings">The control files.</param>
/// <param name="memory">Knows which addresses do not answer, and which of ours are rested.</param>
/// <param name="sources">Chooses our own address.</param>
/// <param name="clock">The clock.</param>
internal sealed class HostDialer(
    RemoteSettings settings, ConnectMemory memory, SourceChoice sources, TimeProvider clock)
{
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250); // RFC 8305 §5.

    /// <summary>Connects to the address that the walk has reached, or to another one of the same
    /// host.</summary>
    /// <param name="hosts">The addresses of the destination.</param>
    /// <param name="walk">The progress of the transaction; it records why there is no connection.
    /// </param>
    /// <param name="destination">The destination's name.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null if there is no connection.</returns>
    internal async Task<Dialed?> OpenAsync(
        IReadOnlyList<RemoteHost> hosts, AddressWalk walk, string destination,
        CancellationToken stop)
    {
        int at = walk.At;
        int other = OtherFamily(hosts, walk);
        if (other < 0)
        {
            return await ConnectToAsync(hosts[at], at, walk, destination, stop);
        }

        using CancellationTokenSource race =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        List<Task<Dialed>> running = [ConnectAsync(hosts[at], at, destination, race.Token)];
        List<Dialed> ended = [];
        Dialed? won = null;
        while (won is null && running.Count > 0)
        {
            if (other >= 0 && !await IsOverWithinAsync(running[0], race.Token))
            {
                running.Add(ConnectAsync(hosts[other], other, destination, race.Token));
            }

            other = -1;
            Task<Dialed> first = await Task.WhenAny(running);
            running.Remove(first);
            Dialed one = await first;
            ended.Add(one);
            won = one.Socket is null ? null : one;
        }

        await race.CancelAsync();
        foreach (Dialed late in await Task.WhenAll(running))
        {
            late.Socket?.Dispose();
        }

        stop.ThrowIfCancellationRequested();
        foreach (Dialed one in ended.OrderBy(one => one.Place))
        {
            Note(hosts[one.Place], one, walk);
        }

        return won;
    }

    /// <summary>Connects to one address.</summary>
    /// <returns>Null if there is no connection; the walk records why.</returns>
    internal async Task<Dialed?> ConnectToAsync(
        RemoteHost host, int place, AddressWalk walk, string destination,
        CancellationToken stop)
    {
        Dialed one = await ConnectAsync(host, place, destination, stop);
        stop.ThrowIfCancellationRequested();
        Note(host, one, walk);
        return one.Socket is null ? null : one;
    }

    private void Note(RemoteHost host, Dialed one, AddressWalk walk)
    {
        walk.NoteTried(one.Place);
        if (one.Socket is not null)
        {
            return; // Whether it serves is known later.
        }

        if (one.IsWithoutSource)
        {
            walk.NoSource(RemoteReport.Of('Z', "Sorry, mail cannot be sent to "
                + $"{host.EndPoint.Address}: control files name no address of its family to send "
                + "from. (#4.3.5)\n"));
            return;
        }

        if (one.Fault is { } fault)
        {
            walk.Fail(RemoteReport.Of('Z', $"Unable to read control files. (#4.3.0)\n{fault}\n"));
            return;
        }

        if (one.IsOurs && one.Source is not null)
        {
            walk.Fail(RemoteReport.Of('Z', $"Sorry, mail cannot be sent from {one.Source}, as "
                + $"control files have it: {one.Why}. (#4.3.5)\n"));
            return;
        }

        walk.NoConnection(host, one.Why);
        if (host.IsQmtp)
        {
            // This says nothing about SMTP at the address.
            if (!one.IsOurs)
            {
                memory.Qmtp.Note(host.EndPoint.Address, serves: false);
            }

            return;
        }

        if (one.IsTimeout)
        {
            memory.NoteTimeout(host.EndPoint.Address);
        }
        else if (!one.IsOurs)
        {
            memory.NoteAnswer(host.EndPoint.Address);
        }
    }

    /// <summary>The place of the next address of the same host in the other family; -1: there is
    /// none.</summary>
    private int OtherFamily(IReadOnlyList<RemoteHost> hosts, AddressWalk walk)
    {
        RemoteHost first = hosts[walk.At];
        for (int i = walk.At + 1; i < hosts.Count && first.Name.Length > 0
            && hosts[i].Name == first.Name; i++)
        {
            // With QMTP, the same host's addresses for SMTP are in between.
            IPAddress address = hosts[i].EndPoint.Address;
            if (address.AddressFamily != first.EndPoint.AddressFamily
                && hosts[i].EndPoint.Port == first.EndPoint.Port && !walk.IsTried(i, hosts[i])
                && !memory.ShouldSkip(address)
                && !(hosts[i].IsQmtp && memory.Qmtp.Fails(address)))
            {
                return i;
            }
        }

        return -1;
    }

    private async Task<bool> IsOverWithinAsync(Task first, CancellationToken stop)
    {
        try
        {
            await first.WaitAsync(Stagger, clock, stop);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    /// <summary>Connects to an address. Does not throw if the network fails or the wait is
    /// cancelled.</summary>
    private async Task<Dialed> ConnectAsync(
        RemoteHost host, int place, string destination, CancellationToken stop)
    {
        IPEndPoint address = host.EndPoint;
        SourceRule? rule = sources.Find(
            host.Name.Length > 0 ? host.Name : address.Address.ToString());
        Dialed last = new(place, null, "") { IsOurs = true, Fault = rule?.Fault };
        IReadOnlyList<IPAddress> pool = rule is null ? [] : sources.Order(
            rule, address.AddressFamily, destination, memory.Sources);
        if (last.Fault is not null || (pool.Count == 0 && rule is { LeavesFamilies: false }))
        {
            return last with { IsWithoutSource = last.Fault is null };
        }

        foreach (IPAddress? source in pool.Count == 0 ? (IPAddress?[])[null] : [.. pool])
        {
            last = await ConnectAsync(address, place, source, stop);
            if (!last.IsOurs || last.Source is null || stop.IsCancellationRequested)
            {
                return last;
            }

            memory.Sources.RestEverywhere(last.Source);
        }

        return last;
    }

    private async Task<Dialed> ConnectAsync(
        IPEndPoint address, int place, IPAddress? source, CancellationToken stop)
    {
        Socket? socket = null;
        bool isBound = false;
        try
        {
            // There may be no descriptors, no IPv6 on this host, or no such address here.
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
            };
            Bind(socket, source);
            isBound = true;
            using TimeLimit limit = new();
            ValueTask connecting = socket.ConnectAsync(address, limit.Begin(stop));
            if (!connecting.IsCompleted)
            {
                limit.Start(settings.ConnectTimeout);
            }

            await connecting;
            return new Dialed(place, socket, "") { Source = source };
        }
        catch (SocketException e) when (!isBound || e.SocketErrorCode
            is SocketError.AddressNotAvailable && source is not null)
        {
            socket?.Dispose();
            return new Dialed(place, null, ErrorText.Of(e))
            {
                IsOurs = true,
                Source = socket is null ? null : source,
            };
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket!.Dispose();
            bool isTimeout = e is OperationCanceledException
                or SocketException { SocketErrorCode: SocketError.TimedOut };
            return new Dialed(
                place, null, isTimeout ? ErrorText.TimedOut : ErrorText.Of((SocketException)e))
            {
                IsTimeout = isTimeout,
                Source = source,
            };
        }
    }

    /// <summary>Binds the address only; the port is chosen when the connection begins, so that one
    /// port may serve connections to many servers.</summary>
    private void Bind(Socket socket, IPAddress? source)
    {
        if (source is null)
        {
            return;
        }

        IpOptions.TakePortLate((int)socket.Handle);
        socket.Bind(new IPEndPoint(source, 0));
        memory.Sources.NoteUsable(source);
    }
}

using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;

namespace Kopis.Local.Worker;

/// <summary>The warm qmail-local: runs many deliveries at once, each on a thread. Root grants the
/// user's deliveries with their instructions; the other half of qmail-lspawn sends the messages and
/// grants slots for programs. It ends when either of them has closed its end and all granted
/// deliveries are done.</summary>
/// <param name="site">What its deliveries share.</param>
/// <param name="grants">The socket from root.</param>
/// <param name="orders">The socket from the other half.</param>
internal sealed class LocalServer(LocalSite site, int grants, int orders)
{
    private const int DeliveriesMax = byte.MaxValue; // As many as there are slots.

    private readonly WorkerThreads _workers = new(DeliveriesMax);
    private readonly Dictionary<uint, DeliveryRequest> _granted = [];
    private readonly Queue<int> _descriptors = new();
    private readonly FrameReader _reader = new(LocalChannel.OrderBytesMax);
    private readonly byte[] _packet = new byte[LocalChannel.GrantBytesMax + 1];
    private readonly Lock _answering = new();
    private readonly ProgramGates _programs = new();
    private readonly (int Read, int Write) _allDone = Fd.Pipe();
    private bool _isGranting = true;
    private int _running;

    /// <summary>Serves the sockets until they end.</summary>
    internal static int Run(ProgramContext context, int grants, int orders)
    {
        // This process can be root only in single-user mode. There is then no other user to run the
        // commands of a .qmail file as, so they are refused.
        LocalSite site = LocalSite.Of(context, mayRunPrograms: Processes.EffectiveUid != 0);
        try
        {
            new LocalServer(site, grants, orders).Serve();
            return ExitCode.Success;
        }
        catch (InvalidDataException)
        {
            return ExitCode.Permanent; // The other end is not qmail-lspawn.
        }
    }

    internal void Serve()
    {
        Poller poller = new();
        try
        {
            bool more = true;
            while (more && HasMore())
            {
                poller.Clear();
                poller.Add(orders, read: true);
                poller.Add(_isGranting ? grants : _allDone.Read, read: true);
                if (poller.Wait(null))
                {
                    if (_isGranting && poller.IsReady(1))
                    {
                        ReadGrant();
                    }

                    more = !poller.IsReady(0) || ReadCommands();
                }
            }
        }
        catch (PosixException)
        {
            // A broken connection counts as the end.
        }
        finally
        {
            _programs.End();
            _workers.Finish();
            Fd.Close(_allDone.Read);
            Fd.Close(_allDone.Write);
        }
    }

    // A running delivery may still wait for a slot for its program.
    private bool HasMore()
    {
        Interlocked.MemoryBarrier(); // The thread that ends last sees the last grant.
        return _isGranting || _granted.Count > 0 || Volatile.Read(ref _running) > 0;
    }

    private void ReadGrant()
    {
        int got = Fd.Read(grants, _packet);
        _isGranting = got > 0;
        if (!_isGranting)
        {
            return;
        }

        LocalGrant grant = LocalChannel.ParseGrant(_packet.AsSpan(0, got));
        _granted[grant.Id] = grant.Request;
        if (_granted.Count > DeliveriesMax)
        {
            throw new InvalidDataException("More is granted than is ever ordered.");
        }
    }

    /// <returns>False at the end of orders.</returns>
    private bool ReadCommands()
    {
        int got = FdPassing.Receive(orders, _reader.Space(), out int descriptor);
        if (descriptor >= 0)
        {
            _descriptors.Enqueue(descriptor);
        }

        _reader.Advance(got);
        while (_reader.TryTake() is { } frame)
        {
            Handle(frame);
        }

        return got > 0;
    }

    private void Handle(byte[] frame)
    {
        if (LocalChannel.ParsePlace(frame) is { } delivery)
        {
            _programs.Open(delivery);
            return;
        }

        LocalCommand order = LocalChannel.ParseOrder(frame);
        DeliveryRequest? request;
        while (!_granted.Remove(order.Id, out request))
        {
            if (!_isGranting)
            {
                throw new InvalidDataException("An order came without a grant.");
            }

            ReadGrant(); // The grant was sent before the order.
        }

        int descriptor = -1;
        if (order.OwnFile && !_descriptors.TryDequeue(out descriptor))
        {
            throw new InvalidDataException("An order came without its descriptor.");
        }

        request = request with { Sender = order.Sender };
        Interlocked.Increment(ref _running);
        _workers.Add(() => Deliver(order, request, descriptor));
    }

    private void Deliver(LocalCommand order, DeliveryRequest request, int descriptor)
    {
        CapturedOutput output = new();
        int code;
        using (MessageBody body = order.OwnFile
            ? MessageBody.InFile(descriptor, Fd.Position(descriptor))
            : MessageBody.InMemory(order.Body))
        {
            code = new LocalDelivery(site, request, body, output)
            {
                Place = new ProgramPlace(this, order.Id),
            }.Run();
        }

        Answer(LocalChannel.FormatAnswer(order.Id, code, output.Text));
        if (Interlocked.Decrement(ref _running) == 0 && !Volatile.Read(ref _isGranting))
        {
            Fd.Write(_allDone.Write, [0]);
        }
    }

    private void Answer(byte[] answer)
    {
        try
        {
            lock (_answering)
            {
                Fd.WriteAll(orders, answer);
            }
        }
        catch (PosixException)
        {
            // qmail-lspawn is gone; qmail-send will order this delivery again.
        }
    }

    private sealed class ProgramPlace(LocalServer server, uint delivery) : IProgramPlace
    {
        public bool Acquire() => server._programs.Wait(
            delivery, () => server.Answer(
                LocalChannel.FormatAnswer(delivery, LocalChannel.PlaceWanted, [])));

        public void Release() =>
            server.Answer(LocalChannel.FormatAnswer(delivery, LocalChannel.PlaceFree, []));
    }
}

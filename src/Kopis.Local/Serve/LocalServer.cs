using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// The warm qmail-local: takes orders from qmail-lspawn and delivers many at once, each on a
/// thread. Ends when qmail-lspawn has hung up and the last delivery is done.
/// </summary>
internal sealed class LocalServer(LocalSite site, int socket)
{
    private const int DeliveriesMax = 120; // As many as qmail-lspawn runs (conf-spawn).

    private readonly WorkerThreads _workers = new(DeliveriesMax);
    private readonly Queue<int> _descriptors = new();
    private readonly Lock _answering = new();

    /// <summary>Serves the socket to its end.</summary>
    internal static int Run(ProgramContext context, int socket)
    {
        // Only where all of Kopis is one user can that be root: then there is no user whose
        // rights a command of a .qmail file would have.
        LocalSite site = LocalSite.Of(context, mayRunPrograms: Processes.EffectiveUid != 0);
        try
        {
            new LocalServer(site, socket).Serve();
            return ExitCode.Success;
        }
        catch (InvalidDataException)
        {
            return ExitCode.Permanent; // Whoever talks there is not qmail-lspawn.
        }
    }

    internal void Serve()
    {
        FrameReader reader = new(LocalChannel.OrderBytesMax);
        try
        {
            int got;
            while ((got = FdPassing.Receive(socket, reader.Space(), out int descriptor)) > 0)
            {
                if (descriptor >= 0)
                {
                    _descriptors.Enqueue(descriptor);
                }

                reader.Advance(got);
                while (reader.TryTake() is { } frame)
                {
                    Take(LocalChannel.ParseOrder(frame));
                }
            }
        }
        catch (PosixException)
        {
            // The connection is broken: the end, like any other.
        }
        finally
        {
            _workers.Finish();
        }
    }

    private void Take(DeliveryOrder order)
    {
        int descriptor = -1;
        if (order.OwnFile && !_descriptors.TryDequeue(out descriptor))
        {
            throw new InvalidDataException("An order came without its descriptor.");
        }

        _workers.Add(() => Deliver(order, descriptor));
    }

    private void Deliver(DeliveryOrder order, int descriptor)
    {
        CapturedOutput output = new();
        int code;
        using (MessageBody body = order.OwnFile
            ? MessageBody.InFile(descriptor)
            : MessageBody.InMemory(order.Body))
        {
            code = new LocalDelivery(site, order.Request, body, output).Run();
        }

        byte[] answer = LocalChannel.FormatAnswer(order.Id, code, output.Text);
        try
        {
            lock (_answering)
            {
                Fd.WriteAll(socket, answer);
            }
        }
        catch (PosixException)
        {
            // qmail-lspawn is gone; qmail-send will order this again.
        }
    }
}

using Kopis.Posix;
using Kopis.Send.Clean;

namespace Kopis.Simulation.Tests;

/// <summary>qmail-clean on its pipes.</summary>
internal sealed class CleanProcess
{
    private readonly Machine _machine;
    private readonly CleanServer _server;
    private readonly int _requests;
    private readonly int _replies;

    internal CleanProcess(Machine machine, SimulatedProcess process, int requests, int replies)
    {
        _machine = machine;
        _server = new CleanServer(machine.NewFiles(), Machine.Mess);
        (_requests, _replies) = (requests, replies);
        machine.Fibers.Start(process, Run);
    }

    private void Run()
    {
        byte[] block = new byte[4096];
        while (true)
        {
            _machine.Fibers.Wait(() => Machine.IsReadable(_requests));
            int got = Fd.Read(_requests, block);
            if (got <= 0)
            {
                return;
            }

            _server.Handle(block.AsSpan(0, got), Reply);
        }
    }

    private void Reply(byte answer)
    {
        try
        {
            Fd.WriteAll(_replies, [answer]);
        }
        catch (PosixException)
        {
            // qmail-send is gone.
        }
    }
}

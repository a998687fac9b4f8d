using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>
/// qmail-lspawn, qmail-rspawn, qmail-clean and qmail-send with the pipes between them (contract
/// §6.1). They live together: when one ends, the pipes tell the others.
/// </summary>
internal sealed class DeliveryUnit(HostPlan plan, int log) : IUnit
{
    internal const string Send = "qmail-send";
    private const int Terminate = 15;
    private const int StandardError = 2;

    private int _send;

    public string Name => "delivery";

    public int Layer => 1;

    public IReadOnlyDictionary<int, string> Start(int lifeline)
    {
        Dictionary<int, string> started = [];
        List<int> open = [];
        try
        {
            Dictionary<int, int> sendFds = new() { [0] = log };
            int next = 1;
            foreach (ChildSpec spawner in
                (ChildSpec[])[plan.Lspawn(), plan.Rspawn(), plan.Clean()])
            {
                (int orders, int ordersWrite) = Fd.Pipe();
                (int reports, int reportsWrite) = Fd.Pipe();
                open.AddRange([orders, ordersWrite, reports, reportsWrite]);
                sendFds[next++] = ordersWrite;
                sendFds[next++] = reports;
                ChildSpec piped = spawner with
                {
                    Descriptors = new Dictionary<int, int>
                    {
                        [0] = orders,
                        [1] = reportsWrite,
                        [2] = StandardError,
                    },
                };
                started[piped.Start(lifeline)] = piped.Name;
            }

            // fd 2 is a pipe of the protocol there: qmail-send has no standard error.
            ChildSpec send = plan.Send() with { Descriptors = sendFds };
            _send = send.Start(lifeline);
            started[_send] = Send;
            return started;
        }
        catch (PosixException)
        {
            foreach (int pid in started.Keys)
            {
                Processes.Signal(pid, Terminate);
            }

            throw;
        }
        finally
        {
            open.ForEach(Fd.Close);
        }
    }

    /// <summary>qmail-send alone is told: it lets the others finish, and they end with it.
    /// </summary>
    public void Stop(IReadOnlyCollection<int> running)
    {
        if (running.Contains(_send))
        {
            Processes.Signal(_send, Terminate);
        }
    }
}

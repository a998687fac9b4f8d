using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>
/// qmail-start's logger, any program: its standard input is qmail-send's log. When it ends it is
/// started again on the same pipe, so that no line is lost.
/// </summary>
internal sealed class LoggerUnit(HostPlan plan, int input, IReadOnlyList<byte[]> command) : IUnit
{
    private const int Terminate = 15;

    public string Name { get; } = ByteText.ToText(command[0]);

    public int Layer => -1;

    public IReadOnlyDictionary<int, string> Start(int lifeline)
    {
        string path = ProgramPath.Find(plan.Environment, command[0])
            ?? throw new ConfigurationException($"there is no program {Name}");
        int pid = new ProcessStart
        {
            Path = path,
            Arguments = command,
            Environment = plan.Environment,
            Directory = "/",
            OwnGroup = true,
            Identity = plan.IdentityOf("qmaill"),
            Descriptors = new Dictionary<int, int> { [0] = input, [1] = 1, [2] = 2 },
        }.Start();
        return new Dictionary<int, string> { [pid] = Name };
    }

    public void Stop(IReadOnlyCollection<int> running)
    {
        foreach (int pid in running)
        {
            Processes.Signal(pid, Terminate);
        }
    }
}

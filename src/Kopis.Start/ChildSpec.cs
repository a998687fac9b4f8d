using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>One program that is to be kept running.</summary>
/// <param name="Name">The program, and its name in the log.</param>
/// <param name="Arguments">After the name.</param>
/// <param name="Environment">All of its environment but the lifeline.</param>
/// <param name="Descriptors">Its descriptors, 0 to 2 among them, to ours.</param>
/// <param name="Identity">Who it runs as; null as we do.</param>
internal sealed record ChildSpec(
    string Name, IReadOnlyList<byte[]> Arguments, ByteEnvironment Environment,
    IReadOnlyDictionary<int, int> Descriptors, ProcessIdentity? Identity)
{
    /// <summary>What it may do less than its user; null: nothing less.</summary>
    internal Confinement? Confinement { get; init; }

    private const int LifelineFd = 9;

    /// <summary>Starts it; its life hangs on <paramref name="lifeline"/>.</summary>
    /// <exception cref="PosixException">It cannot be started.</exception>
    internal int Start(int lifeline)
    {
        ByteEnvironment environment = new(Environment);
        environment.SetText(Lifeline.Variable, LifelineFd.ToString("d"));
        return new ProcessStart
        {
            Path = "/proc/self/exe",
            Arguments = [ByteText.ToBytes(Name), .. Arguments],
            Environment = environment,
            Directory = "/",
            OwnGroup = true,
            Identity = Identity,
            Confinement = Confinement,
            Descriptors = new Dictionary<int, int>(Descriptors) { [LifelineFd] = lifeline },
        }.Start();
    }
}

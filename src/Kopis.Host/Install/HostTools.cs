using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>Runs programs of the host: useradd, systemctl and their like.</summary>
internal sealed class HostTools(ByteEnvironment environment)
{
    private const string Sbin = ":/usr/sbin:/sbin:/usr/bin:/bin";

    /// <summary>Runs one to its end, with our output and error descriptors.</summary>
    /// <exception cref="ConfigurationException">There is none of that name, or it fails.
    /// </exception>
    internal void Run(string name, params string[] arguments)
    {
        ByteEnvironment wide = new(environment);
        wide.SetText("PATH", (environment.Text("PATH") ?? "") + Sbin);
        string path = ProgramPath.Find(wide, ByteText.ToBytes(name))
            ?? throw new ConfigurationException($"there is no program {name} on this host");
        int pid = new ProcessStart
        {
            Path = path,
            Arguments = [.. ((string[])[name, .. arguments]).Select(Bytes)],
            Environment = wide,
            Directory = "/",
            Descriptors = new Dictionary<int, int> { [0] = 0, [1] = 2, [2] = 2 },
        }.Start();
        WaitStatus status = Processes.Wait(pid);
        if (status.Crashed || status.ExitCode != 0)
        {
            throw new ConfigurationException($"{name} {string.Join(' ', arguments)} failed");
        }
    }

    private static byte[] Bytes(string word) => System.Text.Encoding.UTF8.GetBytes(word);
}

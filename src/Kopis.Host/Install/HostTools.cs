using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>Runs programs of the host, such as useradd and systemctl.</summary>
internal sealed class HostTools(ByteEnvironment environment)
{
    private const string Sbin = ":/usr/sbin:/sbin:/usr/bin:/bin";
    private const int AnswerBytesMax = 16 * 1024;

    /// <summary>Whether a program of that name exists.</summary>
    internal bool Has(string name) => Find(name, Wide()) is not null;

    /// <summary>Runs a program to its end, with our output and error descriptors.</summary>
    /// <exception cref="ConfigurationException">There is no such program, or it fails.</exception>
    internal void Run(string name, params string[] arguments) =>
        Wait(Start(name, arguments, output: 2), name, arguments);

    /// <summary>Runs a program to its end, and returns its output.</summary>
    /// <returns>At most 16 KiB of the output.</returns>
    /// <exception cref="ConfigurationException">There is no such program, or it fails.</exception>
    internal string Ask(string name, params string[] arguments)
    {
        (int read, int write) = Fd.Pipe();
        byte[] answer = new byte[AnswerBytesMax];
        int length = 0;
        try
        {
            int pid;
            try
            {
                pid = Start(name, arguments, write);
            }
            finally
            {
                Fd.Close(write);
            }

            length = Fd.ReadToEnd(read, answer);
            Wait(pid, name, arguments);
        }
        finally
        {
            Fd.Close(read);
        }

        return ByteText.ToText(answer.AsSpan(0, length));
    }

    private static string? Find(string name, ByteEnvironment wide) =>
        ProgramPath.Find(wide, ByteText.ToBytes(name));

    private ByteEnvironment Wide()
    {
        ByteEnvironment wide = new(environment);
        wide.SetText("PATH", (environment.Text("PATH") ?? "") + Sbin);
        return wide;
    }

    private int Start(string name, string[] arguments, int output)
    {
        ByteEnvironment wide = Wide();
        string path = Find(name, wide)
            ?? throw new ConfigurationException($"there is no program {name} on this host");
        return new ProcessStart
        {
            Path = path,
            Arguments = [.. ((string[])[name, .. arguments]).Select(Bytes)],
            Environment = wide,
            Directory = "/",
            Descriptors = new Dictionary<int, int> { [0] = 0, [1] = output, [2] = 2 },
        }.Start();
    }

    private static void Wait(int pid, string name, string[] arguments)
    {
        WaitStatus status = Processes.Wait(pid);
        if (status.Crashed || status.ExitCode != 0)
        {
            throw new ConfigurationException($"{name} {string.Join(' ', arguments)} failed");
        }
    }

    private static byte[] Bytes(string word) => System.Text.Encoding.UTF8.GetBytes(word);
}

using System.ComponentModel;
using System.Diagnostics;
using Kopis.Posix;

namespace Kopis.Web.Live;

/// <summary>Runs a program of the binary beside ours, with our own identity.</summary>
/// <param name="home">The home.</param>
/// <param name="clock">The clock.</param>
internal sealed class KopisProgram(string home, TimeProvider clock)
{
    private const string Name = "kopis";
    private const int BlockBytes = 16 * 1024;
    private const int OutputBytesMax = 1 << 20;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="words">The words after <c>kopis</c>.</param>
    /// <param name="timeMax">The program is killed after this time.</param>
    /// <param name="input">Its standard input.</param>
    /// <returns>Its standard output.</returns>
    /// <exception cref="IOException">The program cannot be run, takes too long, or prints too much.
    /// </exception>
    internal async Task<byte[]> RunAsync(
        IEnumerable<string> words, TimeSpan timeMax, ReadOnlyMemory<byte> input = default)
    {
        string program = Path.Combine(
            Path.GetDirectoryName(Environment.ProcessPath ?? "/") ?? "/", Name);
        ProcessStartInfo start = new(program, words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["KOPIS_HOME"] = home;
        start.Environment.Remove(Lifeline.Variable); // It is not the supervisor's child.
        using CancellationTokenSource limit = new(timeMax, clock);
        using Process process = new() { StartInfo = start };
        try
        {
            process.Start();
            await process.StandardInput.BaseStream.WriteAsync(input, limit.Token);
            process.StandardInput.Close();
            Task<byte[]> errors = ReadAsync(process.StandardError.BaseStream, limit.Token);
            byte[] output = await ReadAsync(process.StandardOutput.BaseStream, limit.Token);
            await errors;
            await process.WaitForExitAsync(limit.Token);
            return output;
        }
        catch (Exception e) when (e is Win32Exception or IOException
            or OperationCanceledException)
        {
            End(process);
            throw new IOException($"{Name}: {e.Message}", e);
        }
    }

    private static async Task<byte[]> ReadAsync(Stream from, CancellationToken stop)
    {
        MemoryStream all = new();
        byte[] block = new byte[BlockBytes];
        int got;
        while ((got = await from.ReadAsync(block, stop)) > 0)
        {
            all.Write(block, 0, got);
            if (all.Length > OutputBytesMax)
            {
                throw new IOException("it says too much");
            }
        }

        return all.ToArray();
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It never started, or has ended.
        }
    }
}

using System.Diagnostics;
using System.Text.Json;
using Kopis.Posix;

namespace Kopis.Web.Live;

/// <summary>Runs <c>kopis doctor --json</c>, one at a time, and keeps what it said last.</summary>
internal sealed class DoctorRun(string home, TimeProvider clock) : IDisposable
{
    private const int OutputBytesMax = 1 << 20;
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _place = new(1);

    /// <summary>The last run; null: there was none.</summary>
    internal DoctorReport? Last { get; private set; }

    /// <summary>Whether one runs.</summary>
    internal bool IsRunning => _place.CurrentCount == 0;

    /// <summary>Begins one, unless one runs.</summary>
    internal void Begin()
    {
        if (_place.Wait(0))
        {
            ErrorLog.Watch(RunAsync());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _place.Dispose();

    private async Task RunAsync()
    {
        try
        {
            Last = await ReadAsync();
        }
        finally
        {
            _place.Release();
        }
    }

    private async Task<DoctorReport> ReadAsync()
    {
        DateTimeOffset began = clock.GetUtcNow();
        string program = Path.Combine(
            Path.GetDirectoryName(Environment.ProcessPath ?? "/") ?? "/", "kopis");
        ProcessStartInfo start = new(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
            ArgumentList = { "doctor", "--json" },
        };
        start.Environment["KOPIS_HOME"] = home;
        start.Environment.Remove(Lifeline.Variable); // It is not the supervisor's own.
        using CancellationTokenSource limit = new(TimeMax, clock);
        using Process process = new() { StartInfo = start };
        try
        {
            process.Start();
            process.StandardInput.Close();
            Task<byte[]> errors = ReadAsync(process.StandardError.BaseStream, limit.Token);
            byte[] output = await ReadAsync(process.StandardOutput.BaseStream, limit.Token);
            await errors;
            await process.WaitForExitAsync(limit.Token);
            return DoctorReport.Parse(began, output);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException
            or OperationCanceledException or JsonException)
        {
            End(process);
            return new DoctorReport(began, 0, [], $"kopis doctor: {e.Message}");
        }
    }

    private static async Task<byte[]> ReadAsync(Stream from, CancellationToken stop)
    {
        MemoryStream all = new();
        byte[] block = new byte[16 * 1024];
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
            // It never began, or is over.
        }
    }
}

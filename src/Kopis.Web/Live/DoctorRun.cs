using System.Text.Json;
using Kopis.Posix;

namespace Kopis.Web.Live;

/// <summary>Runs <c>kopis doctor --json</c>, one run at a time, and keeps the last report.
/// </summary>
internal sealed class DoctorRun(KopisProgram program, TimeProvider clock) : IDisposable
{
    private static readonly string[] Words = ["doctor", "--json"];
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _place = new(1);

    /// <summary>The last report; null if there was no run.</summary>
    internal DoctorReport? Last { get; private set; }

    /// <summary>Whether a run is under way.</summary>
    internal bool IsRunning => _place.CurrentCount == 0;

    /// <summary>Begins a run, unless one is under way.</summary>
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
        DateTimeOffset began = clock.GetUtcNow();
        try
        {
            Last = DoctorReport.Parse(began, await program.RunAsync(Words, TimeMax));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            Last = new DoctorReport(began, 0, [], $"kopis doctor: {e.Message}");
        }
        finally
        {
            _place.Release();
        }
    }
}

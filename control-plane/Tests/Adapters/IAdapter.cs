namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>One of the two ways into the application layer.</summary>
internal interface IAdapter
{
    Task<Outcome> CreateAsync(Settings settings, byte[] zip);

    Task<Outcome> UpdateCodeAsync(string name, byte[] zip);

    Task<Outcome> GetAsync(string name, string? qualifier = null);

    Task<Outcome> ListAsync(int? maxItems = null, string? marker = null);

    Task<Outcome> DeleteAsync(string name, string? qualifier = null);
}
